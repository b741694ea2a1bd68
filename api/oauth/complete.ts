import type { Context } from 'koa';
import type { OAuthTransaction } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import { connectionWorkflowId } from '../../ports/operations.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { completeAuthorizationUpdate } from '../../workflows/connection.ts';
import type { ApiDeps } from '../deps.ts';
import { withStaged } from '../staged.ts';
import { update } from '../temporal.ts';
import { sha256 } from '../tokens.ts';
import { tenantOfState } from './state.ts';

/** What a vendor's redirect brings, or a portal's page hands on. */
export interface Redirect {
  state: string;
  code?: string | undefined;
  error?: string | undefined;
}

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

const refuse = (transaction: OAuthTransaction, { began }: Caller, { error, code }: Redirect): string => {
  // Whoever did not begin it learns nothing of it, not even that it is too late.
  if (!began(transaction)) throw unknown();
  if (Date.parse(transaction.expiresAt) <= Date.now()) {
    throw refused('This authorization took longer than ten minutes; connect again.');
  }
  if (error !== undefined) {
    throw new Fault('oauth_denied', 'The access was not granted; nothing was connected. Connect again when you wish.');
  }
  if (code === undefined) throw refused('The vendor sent no code; connect again.');
  return code;
};

/** Tells the connection's workflow of the code, by reference. The state's hash names the update, so a code is exchanged once. */
const connect = async (deps: ApiDeps, transaction: OAuthTransaction, code: string) => {
  const { tenantId, connectionId, stateHash, userId, redirectUri, verifierRef } = transaction;
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const { verifier = '' } = await openVerifier(deps, verifierRef, workflowId);
  return withStaged(deps, workflowId, { code, verifier, redirectUri }, (staged) =>
    update(deps.temporal, {
      workflowId,
      definition: completeAuthorizationUpdate,
      args: [{ staged, stateHash, actor: userId }],
      updateId: stateHash,
      ended: new Fault('conflict', 'This connection has ended; make a new one.'),
    }),
  );
};

const openVerifier = async ({ ports }: ApiDeps, staged: string, workflowId: string): Promise<SecretValues> => {
  try {
    return await ports.staging.open({ staged }, workflowId);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'not_found') throw error;
    throw refused('This authorization took too long; connect again.');
  }
};

/** Ends an authorization. A refusal sends no token request and is told to the audit log. */
export const completeAuthorization = async (
  deps: ApiDeps,
  ctx: Context,
  redirect: Redirect,
  caller: Caller,
): Promise<{ transaction: OAuthTransaction; view: View }> => {
  let transaction: OAuthTransaction | undefined;
  try {
    transaction = await transactionOf(deps, redirect.state);
    const code = refuse(transaction, caller, redirect);
    return { transaction, view: await connect(deps, transaction, code) };
  } catch (cause) {
    if (cause instanceof Fault && (cause.code === 'oauth_state_invalid' || cause.code === 'oauth_denied')) {
      await deps.ports.audit.append(transaction?.tenantId ?? PLATFORM, {
        key: `oauth/${cause.code}/${String(ctx.state.requestId)}`,
        actor: caller.actor,
        action: cause.code === 'oauth_denied' ? 'oauth.denied' : 'oauth.refused',
        resourceType: transaction === undefined ? 'oauth_transaction' : 'connection',
        resourceId: transaction?.connectionId ?? sha256(redirect.state).slice(0, 16),
        metadata: { reason: cause.message },
        ip: ctx.ip,
        userAgent: ctx.get('User-Agent').slice(0, 200),
      });
    }
    throw cause;
  }
};
