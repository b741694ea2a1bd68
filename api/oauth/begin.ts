import type { Context } from 'koa';
import type { Connection } from '../../ports/connections.ts';
import type { UserId } from '../../ports/ids.ts';
import { connectionWorkflowId } from '../../ports/operations.ts';
import { checkedFields } from '../connect.ts';
import type { Fields } from '../connect.ts';
import type { ApiDeps } from '../deps.ts';
import { sha256 } from '../tokens.ts';
import { ended } from '../update-connection.ts';
import { bindBrowser } from './browser.ts';
import { holdProof } from './proof.ts';
import { chooseRedirectUri } from './redirect-uri.ts';
import { newState } from './state.ts';

const LIFETIME_MS = 10 * 60 * 1000;

export interface Wish {
  method?: string | undefined;
  fields: Fields;
  acceptOtherAccount?: boolean | undefined;
  userId: UserId;
  /** A page of ours that was checked, or nothing. */
  returnTo: string;
  sessionId?: string;
}

/** Begins one authorization: its state and browser are kept as hashes, its proof behind the staging door. */
export const beginAuthorization = async (
  deps: ApiDeps,
  ctx: Context,
  connection: Connection,
  { method, fields, acceptOtherAccount = false, userId, returnTo, sessionId }: Wish,
): Promise<{ authorizeUrl: string; expiresAt: string }> => {
  const { ports, settings } = deps;
  const { tenantId, id: connectionId, connectorId } = connection;
  if (connection.state === 'disconnecting' || connection.state === 'disconnected') throw ended();
  const checked = checkedFields(deps, connectorId, { method, fields }, 'redirect');
  const redirectUri = await chooseRedirectUri(deps, connectorId);
  const state = newState(tenantId);
  const stateHash = sha256(state);
  const way = { connectorId, methodId: checked.methodId, settings: checked.settings };
  const { url, proof } = await ports.oauth.begin(way, redirectUri, state);
  const proofRef = await holdProof(deps, connectionWorkflowId(tenantId, connectionId), {
    proof,
    acceptOtherAccount,
    sessionId: sessionId ?? null,
  });
  const expiresAt = new Date(Date.now() + LIFETIME_MS).toISOString();
  const browserHash = bindBrowser(ctx, {
    stateHash,
    returnTo,
    publicUrl: settings.publicUrl,
    seconds: LIFETIME_MS / 1000,
  });
  await ports.oauthTransactions.begin({
    stateHash,
    tenantId,
    userId,
    connectionId,
    connectorId,
    redirectUri,
    browserHash,
    authMethod: checked.methodId,
    settings: checked.settings,
    proofRef,
    expiresAt,
  });
  return { authorizeUrl: url, expiresAt };
};
