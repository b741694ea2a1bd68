import type { Context } from 'koa';
import type { Connection } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import { connectionWorkflowId } from '../../ports/operations.ts';
import type { UserId } from '../../ports/ids.ts';
import type { ApiDeps } from '../deps.ts';
import { sha256 } from '../tokens.ts';
import { bindBrowser } from './browser.ts';
import { newState } from './state.ts';

const LIFETIME_MS = 10 * 60 * 1000;

/** Built from configuration only: no header of a request can change where a vendor sends its codes. */
export const redirectUri = (publicUrl: string): string => `${publicUrl}/api/v1/oauth/callback`;

/** Begins one authorization: what proves its end is kept as hashes, and the PKCE verifier behind the staging door. */
export const beginAuthorization = async (
  { ports, settings: { publicUrl } }: ApiDeps,
  ctx: Context,
  connection: Connection,
  userId: UserId,
  returnTo: string,
): Promise<{ authorizeUrl: string; expiresAt: string }> => {
  const { tenantId, id: connectionId, connectorId } = connection;
  const { auth } = ports.connectors.info(connectorId);
  if (auth.kind !== 'oauth2') {
    throw new Fault(
      'unsupported',
      `${connectorId} is connected by its own credential: POST …/connect with its fields.`,
    );
  }
  const state = newState(tenantId);
  const stateHash = sha256(state);
  const redirect = redirectUri(publicUrl);
  const { url, verifier } = await ports.oauth.authorizationUrl(connectorId, redirect, state);
  const { staged } = await ports.staging.stage(connectionWorkflowId(tenantId, connectionId), { verifier });
  const expiresAt = new Date(Date.now() + LIFETIME_MS).toISOString();
  const browserHash = bindBrowser(ctx, { stateHash, returnTo, publicUrl, seconds: LIFETIME_MS / 1000 });
  await ports.oauthTransactions.begin({
    stateHash,
    tenantId,
    userId,
    connectionId,
    connectorId,
    redirectUri: redirect,
    browserHash,
    verifierRef: staged,
    expiresAt,
  });
  return { authorizeUrl: url, expiresAt };
};
