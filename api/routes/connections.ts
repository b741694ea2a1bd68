import { z } from 'zod';
import { Text } from '../../ports/ids.ts';
import { PageQuery, StreamChoice } from '../../ports/tenants.ts';
import { checkedFields, Connect, connectByFields, connectByGrant, Fields } from '../connect.ts';
import { ConnectionInfo, ConnectionStatus, info, statusOf } from '../connection-info.ts';
import type { ApiDeps } from '../deps.ts';
import { firstConnection, openConnection } from '../ensure-connection.ts';
import { pageOf, paginate } from '../paging.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { checkChoices } from '../sync-choices.ts';
import { oneConnectionRoutes } from './one-connection.ts';

const MINUTE_MS = 60_000;

export const EveryMinutes = z
  .number()
  .int()
  .min(5)
  .max(7 * 24 * 60)
  .default(60);

/** As a vendor's token endpoint answers, whose own members are kept; the end of the access token as a moment. */
const Grant = z
  .object({ access_token: Text.min(1), refresh_token: Text.min(1).optional(), expires_at: z.iso.datetime().optional() })
  .catchall(Text.max(16_384))
  .meta({ id: 'ExistingGrant' });

const NewConnection = Connect.omit({ acceptOtherAccount: true })
  .extend({
    connectorId: z.string().max(60),
    sync: z.array(StreamChoice).max(20).default([]),
    everyMinutes: EveryMinutes,
    new: z.boolean().default(false).meta({ description: 'Another one beside those that there are.' }),
    fields: Fields.optional(),
    grant: Grant.optional().meta({ description: 'Tokens that were granted to our application elsewhere.' }),
  })
  .meta({ id: 'NewConnection' });

const compact = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));

const create = (deps: ApiDeps): Route =>
  route({
    method: 'post',
    path: '/connections',
    summary: 'Make a connection, and connect it at once when its fields or existing tokens are sent',
    may: 'manageIntegrations',
    within: 'tenant',
    body: NewConnection,
    reply: { status: 201, schema: ConnectionStatus },
    async handle({ body, tenantId, principal, onceKey, ctx }) {
      const { connectorId, sync, method, fields, grant } = body;
      await checkChoices(deps, tenantId, connectorId, sync);
      if (fields !== undefined && grant === undefined) checkedFields(deps, connectorId, { method, fields }, 'form');
      const wanted = { connectorId, sync, everyMs: body.everyMinutes * MINUTE_MS };
      const connection = body.new
        ? await openConnection(deps, tenantId, wanted, onceKey)
        : await firstConnection(deps, tenantId, wanted);
      const by = { actor: principal.userId, onceKey };
      if (grant !== undefined) {
        const { expires_at: expiresAt = null, ...values } = grant;
        const given = { method, fields: fields ?? {}, grant: compact(values), expiresAt };
        await connectByGrant(deps, connection, given, by);
      } else if (fields !== undefined) {
        await connectByFields(deps, connection, { method, fields }, by);
      }
      ctx.set('Location', `/api/v1/connections/${connection.id}`);
      return statusOf(await deps.ports.connections.get(tenantId, connection.id));
    },
  });

export const connectionRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/connections',
    summary: 'The tenant’s connections',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(ConnectionInfo) },
    async handle({ query, tenantId }) {
      const all = (await deps.ports.connections.list(tenantId)).map(info);
      return paginate(all, query, ({ id }) => id);
    },
  }),
  create(deps),
  route({
    method: 'get',
    path: '/connections/:id',
    summary: 'One connection',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: z.string().max(60) }),
    reply: { status: 200, schema: ConnectionInfo },
    handle: async ({ params, tenantId }) => info(await connectionNamed(deps, tenantId, params.id)),
  }),
  ...oneConnectionRoutes(deps, '/connections'),
  ...oneConnectionRoutes(deps, '/connectors'),
];
