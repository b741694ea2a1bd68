import type { Context } from 'koa';
import type { OAuthTransaction } from '../../ports/connections.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import { connectionWorkflowId } from '../../ports/operations.ts';
import { completeAuthorizationUpdate } from '../../workflows/lib/connection-messages.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { toFault } from '../faults.ts';
import { withStaged } from '../staged.ts';
import { gaveNoAnswer } from '../temporal-faults.ts';
import { sha256 } from '../tokens.ts';
import { updateConnection } from '../update-connection.ts';
import type { Answer } from './answer.ts';
import { dropProof, openProof } from './proof.ts';
import { tenantOfState } from './state.ts';

/** Who comes back: a signed-in user, or a browser that is known by its cookie alone. */
export interface Caller {
  actor: string;
  began: (transaction: OAuthTransaction) => boolean;
}

type View = Awaited<ReturnType<typeof connect>>;

const refused = (message: string) => new Fault('oauth_state_invalid', message);
const unknown = () => refused('This authorization was not begun here; connect again.');

const transactionOf = async ({ ports }: ApiDeps, state: string): Promise<OAuthTransaction> => {
  const tenantId = tenantOfState(state);
  const transaction = tenantId === null ? null : await ports.oauthTransactions.find(tenantId, sha256(state));
  if (transaction === null) throw unknown();
  return transaction;
};

const refuse = (transaction: OAuthTransaction, { began }: Caller, arrivedAt: string, { error }: Answer): void => {
  // Whoever did not begin it learns nothing of it, not even that it is too late.
  if (!began(transaction)) throw unknown();
  if (arrivedAt !== transaction.redirectUri) {
    throw refused('The answer came to another address than the vendor was given; connect again.');
  }
  if (Date.parse(transaction.expiresAt) <= Date.now()) {
    throw refused('This authorization took longer than ten minutes; connect again.');
  }
  if (error !== undefined) {
    throw new Fault('oauth_denied', 'The access was not granted; nothing was connected. Connect again when you wish.');
  }
};

/**
 * Tells the connection's workflow of the answer, by reference. The state's hash names the update, so a code is traded
 * once. When the proof is gone that was done already: the workflow says what came of it, and is given no code.
 */
const connect = async (deps: ApiDeps, transaction: OAuthTransaction, answer: Answer) => {
  const { tenantId, connectionId, stateHash, userId, redirectUri, authMethod, settings, proofRef } = transaction;
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const held = await openProof(deps, workflowId, proofRef);
  const values = {
    answer: JSON.stringify(held === null ? {} : answer),
    proof: JSON.stringify(held?.proof ?? {}),
    redirectUri,
  };
  const other = held?.acceptOtherAccount ? { acceptOtherAccount: true } : {};
  const traded = withStaged(deps, workflowId, values, (staged) =>
    updateConnection(
      deps,
      { tenantId, id: connectionId },
      completeAuthorizationUpdate,
      [{ staged, stateHash, methodId: authMethod, settings, actor: userId, ...other }],
      stateHash,
    ),
  );
  const view = await traded.catch(async (error: unknown) => {
    if (!gaveNoAnswer(error)) await dropProof(deps, proofRef);
    throw error;
  });
  // Before the proof goes: whoever comes back after a failure here settles it then.
  if (held?.sessionId) await deps.ports.connectSessions.settle(tenantId, held.sessionId, connectionId);
  await dropProof(deps, proofRef);
  return view;
};

/** Ends an authorization. A refusal sends no token request and is told to the audit log. */
export const completeAuthorization = async (
  deps: ApiDeps,
  ctx: Context,
  answer: Answer,
  caller: Caller,
): Promise<{ transaction: OAuthTransaction; view: View }> => {
  let transaction: OAuthTransaction | undefined;
  const state = answer['state'] ?? '';
  try {
    transaction = await transactionOf(deps, state);
    refuse(transaction, caller, `${deps.settings.publicUrl}${ctx.path}`, answer);
    return { transaction, view: await connect(deps, transaction, answer) };
  } catch (cause) {
    if (isFault(cause, 'oauth_denied') && transaction) {
      await dropProof(deps, transaction.proofRef);
    }
    const { code, message } = toFault(cause);
    if (code === 'oauth_state_invalid' || code === 'oauth_denied') {
      await auditLine(deps, ctx, transaction?.tenantId ?? PLATFORM, {
        actor: caller.actor,
        action: code === 'oauth_denied' ? 'oauth.denied' : 'oauth.refused',
        resourceType: transaction === undefined ? 'oauth_transaction' : 'connection',
        resourceId: transaction?.connectionId ?? sha256(state).slice(0, 16),
        metadata: { reason: message },
      });
    }
    throw cause;
  }
};
