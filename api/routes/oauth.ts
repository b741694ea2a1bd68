import { z } from 'zod';
import { ConnectionState } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import { checkedFields, Connect } from '../connect.ts';
import type { ApiDeps } from '../deps.ts';
import { ensureConnection } from '../ensure-connection.ts';
import { Answer } from '../oauth/answer.ts';
import { beginAuthorization } from '../oauth/begin.ts';
import { callback, callbackParams } from '../oauth/callback.ts';
import type { CallbackPath } from '../oauth/callback.ts';
import { completeAuthorization } from '../oauth/complete.ts';
import { returnPath } from '../oauth/return-path.ts';
import { connectorNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const Begin = Connect.extend({ connectionId: ConnectionId.optional(), returnTo: z.string().max(300).optional() }).meta({
  id: 'BeginAuthorization',
});

export const Begun = z
  .strictObject({ authorizeUrl: z.url(), expiresAt: z.iso.datetime() })
  .meta({ id: 'Authorization' });

const Connected = z
  .strictObject({ connectionId: z.uuid(), state: ConnectionState, accountName: z.string().nullable() })
  .meta({ id: 'Connected' });

const Connector = z.string().max(60);

const portalCallback = (deps: ApiDeps, path: CallbackPath): Route =>
  route({
    method: 'post',
    path,
    summary: 'The same for a portal’s page that took the redirect; by the user who began it',
    may: 'manageIntegrations',
    within: 'tenant',
    params: callbackParams(path),
    body: Answer,
    reply: { status: 200, schema: Connected },
    async handle({ body, tenantId, principal, ctx }) {
      const { transaction, view } = await completeAuthorization(deps, ctx, body, {
        actor: principal.userId,
        began: (it) => it.tenantId === tenantId && it.userId === principal.userId,
      });
      return { connectionId: transaction.connectionId, state: view.state, accountName: view.accountName };
    },
  });

export const oauthRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/oauth/authorize/:connector',
    summary: 'Begin an authorization: send the browser to the URL that this answers',
    description:
      '`returnTo` is a page of this site to come back to. The authorization ends in the same browser within ten minutes. Without `connectionId` the tenant’s default connection is meant; it is made when there is none.',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ connector: Connector }),
    body: Begin,
    reply: { status: 200, schema: Begun, secret: true },
    async handle({ params, body, tenantId, principal, ctx }) {
      const { connectionId, returnTo: wanted, ...wish } = body;
      const { id: connectorId } = connectorNamed(deps, params.connector);
      const returnTo = wanted === undefined ? '' : returnPath(wanted, deps.settings.publicUrl);
      const connection = await ensureConnection(
        deps,
        tenantId,
        connectionId ?? connectorId,
        () => void checkedFields(deps, connectorId, wish, 'redirect'),
      );
      if (connection.connectorId !== connectorId) {
        throw new Fault('invalid_request', `This connection is not of ${connectorId}.`, {
          fields: [{ path: 'connectionId', message: `is a connection of ${connection.connectorId}` }],
        });
      }
      return beginAuthorization(deps, ctx, connection, { ...wish, userId: principal.userId, returnTo });
    },
  }),
  callback(deps, '/oauth/callback'),
  callback(deps, '/oauth/callback/:connector'),
  portalCallback(deps, '/oauth/callback'),
  portalCallback(deps, '/oauth/callback/:connector'),
];
