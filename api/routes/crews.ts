import { z } from 'zod';
import { RunLimits } from '../../ports/agents.ts';
import { OnFailure } from '../../ports/crews.ts';
import type { CrewSpec } from '../../ports/crews.ts';
import { Fault } from '../../ports/errors.ts';
import { RunId, Text } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { runCrewId } from '../../ports/operations.ts';
import { Operation } from '../../ports/runs.ts';
import { runCrew } from '../../workflows/run-crew.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { idFor, startOperation } from '../start-operation.ts';

const MINUTE_MS = 60_000;

const CrewMember = z.strictObject({ agentId: z.string(), brief: z.string().nullable(), onFailure: OnFailure });
const CrewInfo = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    description: z.string(),
    process: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('steps'), steps: z.array(z.array(CrewMember)) }),
      z.strictObject({
        kind: z.literal('manager'),
        agentId: z.string(),
        members: z.array(z.string()),
        brief: z.string().nullable(),
      }),
    ]),
    limits: RunLimits,
  })
  .meta({ id: 'Crew' });

const brief = Text.pipe(z.string().trim().min(1).max(20_000)).nullable().default(null).meta({
  description: 'What the crew is to do, besides what its members are told already.',
});
const StartCrew = z.strictObject({ brief, sandbox: z.boolean().default(false) }).meta({ id: 'StartCrew' });
const CrewStarted = Operation.extend({ runId: RunId }).meta({ id: 'CrewStarted' });

const params = z.strictObject({ id: z.string().max(64) });
const named = params.extend({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/) });
const NewSchedule = z
  .strictObject({ everyMinutes: z.int().min(15).max(44_640), brief })
  .meta({ id: 'NewCrewSchedule' });
const CrewSchedule = z
  .strictObject({
    crewId: z.string(),
    name: z.string(),
    everyMinutes: z.number(),
    paused: z.boolean(),
    nextAt: z.iso.datetime().nullable(),
    skipped: z.int().meta({ description: 'Ticks without a run, as the one before was still at work.' }),
  })
  .meta({ id: 'CrewSchedule' });

const listed = ({ id, title, description, process, limits }: CrewSpec) => ({ id, title, description, process, limits });

const briefOf = async ({ ports }: ApiDeps, tenantId: TenantId, text: string | null) =>
  text === null ? null : ports.content.put(tenantId, { brief: text });

const scheduleOf = async ({ ports }: ApiDeps, tenantId: TenantId, crewId: string, name: string) => {
  const found = await ports.workflows.crewSchedule({ tenantId, crewId, name });
  if (!found) throw new Fault('not_found', `${crewId} has no schedule named ${name}.`);
  const { everyMs, ...rest } = found;
  return { crewId, name, everyMinutes: everyMs / MINUTE_MS, ...rest };
};

/** Crews as they are declared, their runs and their schedules. How a run stands, and its parts, is told under `/runs/{id}`. */
export const crewRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/crews',
    summary: 'Crews of agents',
    may: 'viewAgents',
    within: 'tenant',
    reply: { status: 200, schema: z.strictObject({ data: z.array(CrewInfo) }) },
    handle: async () => ({ data: deps.catalogue.crews().map(listed) }),
  }),
  route({
    method: 'get',
    path: '/crews/:id',
    summary: 'One crew: who does what in it, and what follows when somebody fails',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: CrewInfo },
    handle: async ({ params: { id } }) => listed(deps.catalogue.crew(id)),
  }),
  route({
    method: 'post',
    path: '/crews/:id/runs',
    summary: 'Have a crew work: the operation tells its end, `/runs/{runId}` its parts',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    body: StartCrew,
    reply: { status: 202, schema: CrewStarted },
    async handle({ params: { id }, body, tenantId, principal, onceKey, ctx }) {
      const { id: crewId, limits } = deps.catalogue.crew(id);
      const runId = RunId.parse(idFor(onceKey, 'crew run'));
      const given = { brief: await briefOf(deps, tenantId, body.brief), sandbox: body.sandbox };
      const startedBy = principal.userId;
      const operation = await startOperation(deps, {
        ...{ kind: 'runCrew', work: runCrew, workflowId: runCrewId(tenantId, runId), scope: tenantId },
        input: (operationId) => ({ tenantId, runId, crewId, startedBy, operationId, ...given }),
        ...{ startedBy, onceKey, reuse: 'ALLOW_DUPLICATE' },
        taken: new Fault('conflict', 'This run is at work already.'),
      });
      // So that it can be read at once.
      await deps.ports.agentRuns.begin(tenantId, {
        ...{ runId, kind: 'crew', subject: crewId, parentRunId: null, operationId: operation.id, version: null },
        ...{ pin: null, limits, sandbox: body.sandbox, startedBy },
      });
      ctx.set('Location', `/api/v1/runs/${runId}`);
      return { ...operation, runId };
    },
  }),
  route({
    method: 'get',
    path: '/crews/:id/schedules/:name',
    summary: 'One schedule of a crew',
    may: 'viewAgents',
    within: 'tenant',
    params: named,
    reply: { status: 200, schema: CrewSchedule },
    handle: ({ params: { id, name }, tenantId }) => scheduleOf(deps, tenantId, deps.catalogue.crew(id).id, name),
  }),
  route({
    method: 'put',
    path: '/crews/:id/schedules/:name',
    summary: 'Have a crew work again and again; never beside itself',
    may: 'manageIntegrations',
    within: 'tenant',
    params: named,
    body: NewSchedule,
    reply: { status: 200, schema: CrewSchedule },
    async handle({ params: { id, name }, body, tenantId, principal, ctx }) {
      const { id: crewId } = deps.catalogue.crew(id);
      const everyMs = body.everyMinutes * MINUTE_MS;
      const given = { everyMs, brief: await briefOf(deps, tenantId, body.brief) };
      await deps.ports.workflows.ensureCrewSchedule({ tenantId, crewId, name }, given);
      await auditLine(deps, ctx, tenantId, {
        ...{ actor: principal.userId, action: 'crew.scheduled', resourceType: 'crew', resourceId: `${crewId}/${name}` },
        metadata: { everyMinutes: body.everyMinutes },
      });
      return scheduleOf(deps, tenantId, crewId, name);
    },
  }),
  route({
    method: 'delete',
    path: '/crews/:id/schedules/:name',
    summary: 'Delete a schedule; a run that is at work goes on',
    may: 'manageIntegrations',
    within: 'tenant',
    params: named,
    reply: { status: 200, schema: z.strictObject({ deleted: z.literal(true) }) },
    async handle({ params: { id, name }, tenantId, principal, ctx }) {
      const { id: crewId } = deps.catalogue.crew(id);
      await deps.ports.workflows.deleteCrewSchedule({ tenantId, crewId, name });
      await auditLine(deps, ctx, tenantId, {
        ...{
          actor: principal.userId,
          action: 'crew.unscheduled',
          resourceType: 'crew',
          resourceId: `${crewId}/${name}`,
        },
      });
      return { deleted: true as const };
    },
  }),
];
