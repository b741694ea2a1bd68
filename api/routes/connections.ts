import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Connection, ConnectionState, StateReason } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import { connectionWorkflowId } from '../../ports/operations.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { disconnectUpdate, submitCredentialsUpdate } from '../../workflows/connection.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { withStaged } from '../staged.ts';
import { update } from '../temporal.ts';

/** Where its secret lies is nobody's business outside. */
const ConnectionInfo = Connection.omit({ vaultPath: true }).meta({ id: 'ConnectionInfo' });

const ConnectionStatus = z
  .strictObject({
    id: z.uuid(),
    state: ConnectionState,
    reason: StateReason.nullable(),
    accountName: z.string().nullable(),
    tokenExpiresAt: z.iso.datetime().nullable(),
    lastSyncAt: z.iso.datetime().nullable(),
    syncStatus: z.string().nullable(),
  })
  .meta({ id: 'ConnectionStatus' });

const Tested = z
  .strictObject({ ok: z.literal(true), accountId: z.string(), accountName: z.string() })
  .meta({ id: 'ConnectionTest' });

const Fields = z
  .record(z.string().max(60), Text.max(4096))
  .meta({ id: 'CredentialFields', description: 'By the names that the connector’s `auth.fields` gives.' });

const info = ({ vaultPath: _, ...connection }: Connection) => connection;

const status = ({ id, state, reason, settings, tokenExpiresAt, lastSyncAt, syncStatus }: Connection) => ({
  id,
  state,
  reason,
  accountName: settings['accountName'] ?? null,
  tokenExpiresAt,
  lastSyncAt,
  syncStatus,
});

export const ended = () => new Fault('conflict', 'This connection has ended; it takes no more changes.');

/** The routes of one connection, named by its own id or by its connector. */
const ofOne = (deps: ApiDeps, base: '/connections' | '/connectors'): Route[] => {
  const params = z.strictObject({ id: z.string().max(60) });
  return [
    route({
      method: 'get',
      path: `${base}/:id/status`,
      summary: 'State of a connection, and why',
      may: 'viewDashboard',
      within: 'tenant',
      params,
      reply: { status: 200, schema: ConnectionStatus },
      handle: async ({ params: { id }, tenantId }) => status(await connectionNamed(deps, tenantId, id)),
    }),
    route({
      method: 'post',
      path: `${base}/:id/connect`,
      summary: 'Connect by credential: tested against the system before it is kept',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      body: Fields,
      reply: { status: 200, schema: ConnectionStatus },
      async handle({ params: { id }, body, tenantId, principal, onceKey }) {
        const connection = await connectionNamed(deps, tenantId, id);
        const { secret, settings } = deps.ports.connectors.checkFields(connection.connectorId, body);
        const workflowId = connectionWorkflowId(tenantId, connection.id);
        const view = await withStaged(deps, workflowId, secret, (staged) =>
          update(deps.temporal, {
            workflowId,
            definition: submitCredentialsUpdate,
            args: [{ staged, settings, actor: principal.userId }],
            updateId: onceKey ?? randomUUID(),
            ended: ended(),
          }),
        );
        const { state, reason, accountName, tokenExpiresAt } = view;
        return { ...status(connection), state, reason, accountName, tokenExpiresAt };
      },
    }),
    route({
      method: 'post',
      path: `${base}/:id/disconnect`,
      summary: 'Disconnect: revoke at the provider, delete the secret, stop the syncs',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      reply: { status: 200, schema: ConnectionStatus },
      async handle({ params: { id }, tenantId, principal, onceKey }) {
        const connection = await connectionNamed(deps, tenantId, id);
        const { state, reason } = await update(deps.temporal, {
          workflowId: connectionWorkflowId(tenantId, connection.id),
          definition: disconnectUpdate,
          args: [{ actor: principal.userId }],
          updateId: onceKey ?? randomUUID(),
          ended: ended(),
        });
        return { ...status(connection), state, reason, tokenExpiresAt: null };
      },
    }),
    route({
      method: 'post',
      path: `${base}/:id/test`,
      summary: 'Test the kept credential by a real call',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      reply: { status: 200, schema: Tested },
      async handle({ params: { id }, tenantId }) {
        const account = await deps.ports.connectors.test(await connectionNamed(deps, tenantId, id));
        return { ok: true, accountId: account.accountId, accountName: account.accountName };
      },
    }),
  ];
};

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
  ...ofOne(deps, '/connections'),
  ...ofOne(deps, '/connectors'),
];
