import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import { Operation } from '../../ports/runs.ts';
import { QuarantinedRecord } from '../../ports/syncs.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { chosenStream, startSync } from '../start-sync.ts';

const ofStream = { connectionId: ConnectionId, stream: z.string().max(60) };

const RetryQuarantined = z
  .strictObject({
    ...ofStream,
    externalIds: z
      .array(z.string().max(500))
      .max(1000)
      .optional()
      .meta({ description: 'Only these; all of the stream when left out.' }),
  })
  .meta({ id: 'RetryQuarantined' });

/** Records that could not be read or delivered while the rest went on. */
export const quarantineRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/syncs/quarantine',
    summary: 'Records that a sync could not read or deliver, and why; the oldest first',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery.extend({ connectionId: ConnectionId.optional(), stream: ofStream.stream.optional() }),
    reply: { status: 200, schema: pageOf(QuarantinedRecord) },
    async handle({ query: { connectionId, stream, ...page }, tenantId }) {
      if (connectionId !== undefined) await deps.ports.connections.get(tenantId, connectionId);
      const held = await deps.ports.syncs.quarantine(tenantId, {
        ...(connectionId && { connectionId }),
        ...(stream && { stream }),
      });
      return paginate(held, page, (record) => `${record.connectionId}/${record.stream}/${record.externalId}`);
    },
  }),
  route({
    method: 'post',
    path: '/syncs/quarantine/retry',
    summary: 'Try quarantined records again, at the end of an incremental sync that starts now',
    may: 'manageIntegrations',
    within: 'tenant',
    body: RetryQuarantined,
    reply: { status: 202, schema: Operation },
    async handle({ body: { connectionId, stream, externalIds }, tenantId, principal, onceKey, ctx }) {
      const connection = await deps.ports.connections.get(tenantId, connectionId);
      const chosen = chosenStream(connection, stream);
      const waiting = await deps.ports.syncs.requeue({ tenantId, connectionId, stream }, externalIds);
      if (waiting === 0) throw new Fault('not_found', `Nothing of ${stream} is in quarantine.`);
      const by = { mode: 'incremental', startedBy: principal.userId, onceKey } as const;
      const operation = await startSync(deps, connection, chosen, by);
      ctx.set('Location', `/api/v1/operations/${operation.id}`);
      return operation;
    },
  }),
];
