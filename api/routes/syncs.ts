import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId, RunId } from '../../ports/ids.ts';
import { Operation } from '../../ports/runs.ts';
import { SyncMode, SyncRun } from '../../ports/syncs.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { chosenStream, startSync } from '../start-sync.ts';
import { START_MS, within } from '../temporal.ts';

const StartSync = z.strictObject({ mode: SyncMode.default('incremental') }).meta({ id: 'StartSync' });
const params = z.strictObject({ id: RunId });

/** A workflow's id stays inside. */
const report = ({ workflowId: _, ...run }: SyncRun & { workflowId: string | null }): SyncRun => run;

const start = (deps: ApiDeps, base: '/connections' | '/connectors'): Route =>
  route({
    method: 'post',
    path: `${base}/:id/sync/:resource`,
    summary: 'Sync one stream now, to the sink that the tenant chose for it',
    description: 'The operation’s events tell how far it is, page by page.',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ id: z.string().max(60), resource: z.string().max(60) }),
    body: StartSync,
    reply: { status: 202, schema: Operation },
    async handle({ params: { id, resource }, body: { mode }, tenantId, principal, onceKey, ctx }) {
      const connection = await connectionNamed(deps, tenantId, id);
      const by = { mode, startedBy: principal.userId, onceKey };
      const operation = await startSync(deps, connection, chosenStream(connection, resource), by);
      ctx.set('Location', `/api/v1/operations/${operation.id}`);
      return operation;
    },
  });

const cancel = (deps: ApiDeps): Route =>
  route({
    method: 'post',
    path: '/syncs/:id/cancel',
    summary: 'Cancel a sync: it stops at a page, and the next one goes on from the last good mark',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    reply: { status: 202, schema: SyncRun },
    async handle({ params: { id }, tenantId, ctx }) {
      const run = await deps.ports.syncs.run(tenantId, id);
      const { workflowId } = run;
      const over = () => new Fault('conflict', 'This sync has ended; there is nothing to cancel.');
      if (run.state !== 'running' || workflowId === null) throw over();
      try {
        await within(deps.temporal, START_MS, () => deps.temporal.workflow.getHandle(workflowId).cancel());
      } catch (error) {
        throw error instanceof WorkflowNotFoundError ? over() : error;
      }
      ctx.set('Location', `/api/v1/syncs/${id}`);
      return report(run);
    },
  });

/** Runs of syncs. */
export const syncRoutes = (deps: ApiDeps): Route[] => [
  start(deps, '/connections'),
  start(deps, '/connectors'),
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
    path: '/syncs/:id',
    summary: 'The report of one sync, also while it runs',
    may: 'viewDashboard',
    within: 'tenant',
    params,
    reply: { status: 200, schema: SyncRun },
    async handle({ params: { id }, tenantId }) {
      return report(await deps.ports.syncs.run(tenantId, id));
    },
  }),
  cancel(deps),
];
