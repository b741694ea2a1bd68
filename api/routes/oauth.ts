import type { Context } from 'koa';
import { z } from 'zod';
import { ConnectionState } from '../../ports/connections.ts';
import type { OAuthTransaction } from '../../ports/connections.ts';
import { FAULTS, Fault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import type { ApiDeps } from '../deps.ts';
import { toFault } from '../faults.ts';
import { beginAuthorization } from '../oauth/begin.ts';
import { returnOfBrowser } from '../oauth/browser.ts';
import { completeAuthorization } from '../oauth/complete.ts';
import { page } from '../oauth/page.ts';
import { returnPath } from '../oauth/return-path.ts';
import { connectorNamed, connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { logFault } from '../serve.ts';

const Begin = z
  .strictObject({ connectionId: ConnectionId.optional(), returnTo: z.string().max(300).optional() })
  .meta({ id: 'BeginAuthorization' });

const Begun = z.strictObject({ authorizeUrl: z.url(), expiresAt: z.iso.datetime() }).meta({ id: 'Authorization' });

const Redirected = {
  state: z.string().min(1).max(200),
  code: z.string().min(1).max(4000).optional(),
  error: z.string().max(200).optional(),
};
/** Vendors add parameters of their own to the redirect. */
const RedirectQuery = z.object({ ...Redirected, state: Redirected.state.default('') });
const PortalRedirect = z.strictObject(Redirected).meta({ id: 'OAuthRedirect' });

const Connected = z
  .strictObject({ connectionId: z.uuid(), state: ConnectionState, accountName: z.string().nullable() })
  .meta({ id: 'Connected' });

const show = (ctx: Context, status: number, title: string, message: string): void => {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = page(title, message);
};

/** A browser that a vendor sends back is shown a page; anything else gets the problem as everywhere. */
const callback = (deps: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/oauth/callback',
    summary: 'Where a vendor sends the browser back to',
    may: 'public',
    within: 'nobody',
    query: RedirectQuery,
    reply: { status: 200, type: 'text/html' },
    async handle({ query, ctx, requestId }) {
      ctx.set('Cache-Control', 'no-store');
      try {
        let returnTo = '';
        const browser = {
          actor: 'browser',
          began: ({ stateHash, browserHash }: OAuthTransaction) => {
            const way = returnOfBrowser(ctx, stateHash, browserHash);
            returnTo = way ?? '';
            return way !== null;
          },
        };
        const { view } = await completeAuthorization(deps, ctx, query, browser);
        if (returnTo !== '') {
          ctx.status = 303;
          ctx.set('Location', returnPath(returnTo, deps.settings.publicUrl));
          return;
        }
        show(ctx, 200, 'Connected', `${view.accountName ?? 'The account'} is connected. You can close this page.`);
      } catch (error) {
        if (ctx.accepts('json', 'html') !== 'html') throw error;
        const fault = toFault(error);
        if (fault.code === 'internal') logFault(deps, ctx, requestId, fault.cause);
        show(ctx, FAULTS[fault.code].status, 'Not connected', fault.message);
      }
    },
  });

export const oauthRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/oauth/authorize/:connector',
    summary: 'Begin an authorization: send the browser to the URL that this answers',
    description:
      '`returnTo` is a page of this site to come back to. The authorization ends in the same browser within ten minutes.',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ connector: z.string().max(60) }),
    body: Begin,
    reply: { status: 200, schema: Begun, secret: true },
    async handle({ params, body, tenantId, principal, ctx }) {
      const { id: connectorId } = connectorNamed(deps, params.connector);
      const returnTo = body.returnTo === undefined ? '' : returnPath(body.returnTo, deps.settings.publicUrl);
      const connection = await connectionNamed(deps, tenantId, body.connectionId ?? connectorId);
      if (connection.connectorId !== connectorId) {
        throw new Fault('invalid_request', `This connection is not of ${connectorId}.`, {
          fields: [{ path: 'connectionId', message: `is a connection of ${connection.connectorId}` }],
        });
      }
      return beginAuthorization(deps, ctx, connection, principal.userId, returnTo);
    },
  }),
  callback(deps),
  route({
    method: 'post',
    path: '/oauth/callback',
    summary: 'The same for a portal’s page that took the redirect; by the user who began it',
    may: 'manageIntegrations',
    within: 'tenant',
    body: PortalRedirect,
    reply: { status: 200, schema: Connected },
    async handle({ body, tenantId, principal, ctx }) {
      const { transaction, view } = await completeAuthorization(deps, ctx, body, {
        actor: principal.userId,
        began: (it) => it.tenantId === tenantId && it.userId === principal.userId,
      });
      return { connectionId: transaction.connectionId, state: view.state, accountName: view.accountName };
    },
  }),
];
