import { z } from 'zod';
import { ConnectionId } from '../../ports/ids.ts';
import { PageQuery, StreamChoice } from '../../ports/tenants.ts';
import { chooseSyncsUpdate } from '../../workflows/lib/connection-messages.ts';
import { auditLine } from '../audit-line.ts';
import { ConnectionInfo, info } from '../connection-info.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { checkChoices } from '../sync-choices.ts';
import { updateConnection } from '../update-connection.ts';
import { EveryMinutes } from './connections.ts';

const MINUTE_MS = 60_000;

const ChosenSyncs = z
  .strictObject({ sync: z.array(StreamChoice).max(20), everyMinutes: EveryMinutes })
  .meta({ id: 'ChosenSyncs' });

const Schedule = z
  .strictObject({
    connectionId: z.string(),
    stream: z.string(),
    paused: z.boolean(),
    note: z.string().nullable(),
    nextAt: z.string().nullable(),
    skipped: z.strictObject({ overlap: z.number().int(), missed: z.number().int() }).meta({
      description: 'Ticks without a sync: the one before was still at work (overlap), or nobody was there (missed).',
    }),
  })
  .meta({ id: 'SyncSchedule' });

/** Which streams are synced, where to and how often; and the schedules that keep them going. */
export const syncChoiceRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'put',
    path: '/connections/:id/sync',
    summary: 'Choose which streams are synced, where to, and how often; none when the list is empty',
    description:
      'A stream that is left out, or goes elsewhere than before, is forgotten: knowledge of it is deleted, and elsewhere it begins anew.',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ id: z.string().max(60) }),
    body: ChosenSyncs,
    reply: { status: 200, schema: ConnectionInfo },
    async handle({ params, body: { sync, everyMinutes }, tenantId, principal, onceKey, ctx }) {
      const connection = await connectionNamed(deps, tenantId, params.id);
      await checkChoices(deps, tenantId, connection.connectorId, sync);
      const { userId: actor } = principal;
      const chosen = { actor, sync, everyMs: everyMinutes * MINUTE_MS };
      await updateConnection(deps, connection, chooseSyncsUpdate, [chosen], onceKey);
      const { id } = connection;
      await auditLine(deps, ctx, tenantId, {
        ...{ actor, action: 'connection.syncs_chosen', resourceType: 'connection', resourceId: id },
      });
      return info(await deps.ports.connections.get(tenantId, id));
    },
  }),
  route({
    method: 'get',
    path: '/schedules',
    summary: 'Schedules that keep the syncs going, why one is paused, and how often one was skipped',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Schedule) },
    async handle({ query, tenantId }) {
      const { workflows } = deps.ports;
      const all = await workflows.listSyncSchedules(tenantId);
      const page = paginate(all, query, ({ connectionId, stream }) => `${connectionId}/${stream}`);
      const skips = page.data.map(({ connectionId, stream }) =>
        workflows.skippedSyncs({ tenantId, connectionId: ConnectionId.parse(connectionId), stream }),
      );
      const skipped = await Promise.all(skips);
      return { ...page, data: page.data.map((one, at) => ({ ...one, skipped: skipped[at] })) };
    },
  }),
];
