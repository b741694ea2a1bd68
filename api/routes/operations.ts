import { z } from 'zod';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Fault } from '../../ports/errors.ts';
import { OperationId } from '../../ports/ids.ts';
import { WORKFLOWS } from '../../ports/operations.ts';
import { Operation } from '../../ports/runs.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { isPlatformRole } from '../access.ts';
import type { ApiDeps } from '../deps.ts';
import { streamEvents } from '../event-stream.ts';
import { pageOf } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { publicOperation } from '../start-operation.ts';
import { START_MS, within } from '../temporal.ts';

const params = z.strictObject({ id: OperationId });

export const operationRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/operations',
    summary: 'Business operations, newest first',
    may: 'viewDashboard',
    within: 'scope',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Operation) },
    handle: ({ query, scope }) => deps.ports.operations.list(scope, query),
  }),
  route({
    method: 'get',
    path: '/operations/:id',
    summary: 'One business operation and its outcome',
    may: 'viewDashboard',
    within: 'scope',
    params,
    reply: { status: 200, schema: Operation },
    handle: async ({ params: { id }, scope }) => publicOperation(await deps.ports.operations.get(scope, id)),
  }),
  route({
    method: 'get',
    path: '/operations/:id/events',
    summary: 'The operation’s story as it happens, as server-sent events',
    description:
      'Each event has its sequence number as `id`: send the last one as `Last-Event-ID` to go on from there. Ends with the event `settled`.',
    may: 'viewDashboard',
    within: 'scope',
    params,
    reply: { status: 200, type: 'text/event-stream' },
    async handle({ params: { id }, scope, principal, ctx }) {
      await deps.ports.operations.get(scope, id);
      streamEvents(deps, ctx, { scope, operationId: id, principal });
    },
  }),
  route({
    method: 'post',
    path: '/operations/:id/cancel',
    summary: 'Cancel: what was done is undone, and the operation says so',
    may: 'manageIntegrations',
    within: 'scope',
    params,
    reply: { status: 202, schema: Operation },
    async handle({ params: { id }, scope, principal, ctx }) {
      const row = await deps.ports.operations.get(scope, id);
      if (row.kind === WORKFLOWS.onboardTenant && !isPlatformRole(principal.role)) {
        throw new Fault('forbidden', 'An onboarding is cancelled by the platform’s people.');
      }
      const over = () => new Fault('conflict', 'This operation has ended; there is nothing to cancel.');
      if (row.outcome !== 'running') throw over();
      try {
        await within(deps.temporal, START_MS, () => deps.temporal.workflow.getHandle(row.workflowId).cancel());
      } catch (error) {
        throw error instanceof WorkflowNotFoundError ? over() : error;
      }
      ctx.set('Location', `/api/v1/operations/${id}`);
      return publicOperation(row);
    },
  }),
];
