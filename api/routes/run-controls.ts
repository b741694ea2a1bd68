import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { RunLimits } from '../../ports/agents.ts';
import { AgentRun } from '../../ports/agent-runs.ts';
import { RunId } from '../../ports/ids.ts';
import { ModelRef } from '../../ports/models.ts';
import * as messages from '../../workflows/lib/agent-messages.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { over, tellRun, workflowOf } from '../run-control.ts';
import { seenRun } from '../seen-run.ts';
import { START_MS, within } from '../temporal.ts';

const params = z.strictObject({ id: RunId });
const Told = z.strictObject({ progress: z.json() }).meta({ id: 'RunTold', description: 'Where the run stands now.' });
const reply = { status: 200, schema: Told };

const NewLimits = RunLimits.partial()
  .refine((limits) => Object.keys(limits).length > 0, { message: 'name a limit' })
  .meta({ id: 'NewLimits' });

export const runControlRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/runs/:id/pause',
    summary: 'Have the run wait before its next step',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply,
    handle: ({ params: { id: runId }, tenantId, principal, onceKey }) =>
      tellRun(deps, { tenantId, principal, runId, onceKey, definition: messages.pauseUpdate, said: {}, toCrews: true }),
  }),
  route({
    method: 'post',
    path: '/runs/:id/resume',
    summary: 'Have the run go on: one that was paused, or one that waits for a model',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply,
    handle: ({ params: { id: runId }, tenantId, principal, onceKey }) =>
      tellRun(deps, {
        tenantId,
        principal,
        runId,
        onceKey,
        definition: messages.resumeUpdate,
        said: {},
        toCrews: true,
      }),
  }),
  route({
    method: 'post',
    path: '/runs/:id/steer',
    summary: 'Tell the agent something: it hears it before its next step',
    may: 'viewAgents',
    within: 'tenant',
    params,
    body: z.strictObject({ text: z.string().trim().min(1).max(20_000) }).meta({ id: 'Steering' }),
    reply,
    async handle({ params: { id: runId }, body: { text }, tenantId, principal, onceKey }) {
      await seenRun(deps, tenantId, principal, runId);
      const said = { content: await deps.ports.content.put(tenantId, { text }) };
      return tellRun(deps, {
        tenantId,
        principal,
        runId,
        onceKey,
        definition: messages.steerUpdate,
        said,
        toCrews: true,
      });
    },
  }),
  route({
    method: 'post',
    path: '/runs/:id/limits',
    summary: 'Set how far the run may go: down by whoever may see it, up by a tenant_admin',
    may: 'viewAgents',
    within: 'tenant',
    params,
    body: NewLimits,
    reply,
    handle: ({ params: { id: runId }, body: limits, tenantId, principal, onceKey }) =>
      tellRun(deps, {
        ...{
          tenantId,
          principal,
          runId,
          onceKey,
          definition: messages.setLimitsUpdate,
          said: { limits },
          toCrews: false,
        },
      }),
  }),
  route({
    method: 'post',
    path: '/runs/:id/model',
    summary: 'Have another model asked from the next step on; the others stay behind it',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    body: ModelRef,
    reply,
    handle: ({ params: { id: runId }, body: model, tenantId, principal, onceKey }) =>
      tellRun(deps, {
        ...{
          tenantId,
          principal,
          runId,
          onceKey,
          definition: messages.swapModelUpdate,
          said: { model },
          toCrews: false,
        },
      }),
  }),
  route({
    method: 'post',
    path: '/runs/:id/cancel',
    summary: 'Cancel: the run stops where it is; a crew takes back what it did',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 202, schema: AgentRun },
    async handle({ params: { id }, tenantId, principal, ctx }) {
      const run = await seenRun(deps, tenantId, principal, id);
      if (run.state !== 'running') throw over();
      try {
        const handle = deps.temporal.workflow.getHandle(workflowOf(tenantId, run));
        await within(deps.temporal, START_MS, () => handle.cancel());
      } catch (error) {
        throw error instanceof WorkflowNotFoundError ? over() : error;
      }
      ctx.set('Location', `/api/v1/runs/${id}`);
      return run;
    },
  }),
];
