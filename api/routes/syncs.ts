import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import { syncStreamId } from '../../ports/operations.ts';
import { Operation } from '../../ports/runs.ts';
import { SyncMode, SyncRun } from '../../ports/syncs.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { syncStream } from '../../workflows/sync-stream.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { startOperation } from '../start-operation.ts';

const StartSync = z.strictObject({ mode: SyncMode.default('incremental') }).meta({ id: 'StartSync' });

const Schedule = z
  .strictObject({
    connectionId: z.string(),
    stream: z.string(),
    paused: z.boolean(),
    note: z.string().nullable(),
    nextAt: z.string().nullable(),
  })
  .meta({ id: 'SyncSchedule' });

const startSync = (deps: ApiDeps, base: '/connections' | '/connectors'): Route =>
  route({
    method: 'post',
    path: `${base}/:id/sync/:resource`,
    summary: 'Sync one stream now, to the sink that the tenant chose for it',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ id: z.string().max(60), resource: z.string().max(60) }),
    body: StartSync,
    reply: { status: 202, schema: Operation },
    async handle({ params, body, tenantId, principal, onceKey, ctx }) {
      const connection = await connectionNamed(deps, tenantId, params.id);
      const { id: connectionId, connectorId } = connection;
      const chosen = connection.sync.find(({ stream }) => stream === params.resource);
      if (chosen === undefined) {
        throw new Fault('not_found', `Nobody chose to sync ${params.resource} of this connection.`);
      }
      const { stream, sink } = chosen;
      const operation = await startOperation(deps, {
        kind: 'syncStream',
        work: syncStream,
        workflowId: syncStreamId(tenantId, connectionId, stream),
        input: (operationId) => ({ tenantId, connectionId, connectorId, stream, sink, mode: body.mode, operationId }),
        scope: tenantId,
        startedBy: principal.userId,
        onceKey,
        reuse: 'ALLOW_DUPLICATE',
        connector: { connectorId, connectionId },
        taken: new Fault('conflict', `A sync of ${stream} is running already; wait for its end.`),
      });
      ctx.set('Location', `/api/v1/operations/${operation.id}`);
      return operation;
    },
  });

export const syncRoutes = (deps: ApiDeps): Route[] => [
  startSync(deps, '/connections'),
  startSync(deps, '/connectors'),
  route({
    method: 'get',
    path: '/syncs',
    summary: 'Runs of syncs, newest first',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery.extend({ connectionId: ConnectionId.optional() }),
    reply: { status: 200, schema: pageOf(SyncRun) },
    async handle({ query: { connectionId, ...page }, tenantId }) {
      if (connectionId !== undefined) await deps.ports.connections.get(tenantId, connectionId);
      return paginate(await deps.ports.syncs.list(tenantId, connectionId), page, ({ id }) => id);
    },
  }),
  route({
    method: 'get',
    path: '/schedules',
    summary: 'Schedules that keep the syncs going, and why one is paused',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Schedule) },
    async handle({ query, tenantId }) {
      const all = await deps.ports.workflows.listSyncSchedules(tenantId);
      return paginate(all, query, ({ connectionId, stream }) => `${connectionId}/${stream}`);
    },
  }),
];
