import type { Context } from 'koa';
import { z } from 'zod';
import { RunLimits } from '../ports/agents.ts';
import { Fault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import { RunId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { runAgentId } from '../ports/operations.ts';
import { Operation } from '../ports/runs.ts';
import { runAgent } from '../workflows/run-agent.ts';
import type { TenantAgent } from './agent-access.ts';
import type { ApiDeps } from './deps.ts';
import { waitAsked } from './prefer.ts';
import { idFor, publicOperation, startOperation } from './start-operation.ts';
import { within } from './temporal.ts';
import { gaveNoAnswer } from './temporal-faults.ts';

/** What an agent is to do. */
export const Work = z
  .strictObject({
    brief: z.string().trim().min(1).max(20_000).nullable().default(null).meta({
      description: 'What it is to do; null: its instructions say all.',
    }),
    inputs: z.array(z.json()).max(10).default([]).meta({ description: 'Material to work with, as JSON.' }),
    limits: RunLimits.partial().default({}).meta({ description: 'Shrinks what the agent may use; never raises it.' }),
  })
  .meta({ id: 'AgentWork' });
export type Work = z.infer<typeof Work>;

/** The operation that a run is, and its reply where that is known already. */
export const StartedRun = Operation.extend({ runId: RunId, reply: z.json().nullable() }).meta({ id: 'StartedRun' });

interface RunStart {
  tenantId: TenantId;
  principal: Principal;
  onceKey: string | null;
  agent: TenantAgent;
  work: Work;
  /** Write tools answer without doing anything. */
  sandbox: boolean;
  ctx: Context;
}

const smaller = (declared: RunLimits, asked: Work['limits']): RunLimits => ({
  steps: Math.min(declared.steps, asked.steps ?? declared.steps),
  toolCalls: Math.min(declared.toolCalls, asked.toolCalls ?? declared.toolCalls),
  tokens: Math.min(declared.tokens, asked.tokens ?? declared.tokens),
  micros: Math.min(declared.micros, asked.micros ?? declared.micros),
});

/** Starts one run of an agent, and waits for its reply where the caller prefers that. The run's Location is set. */
export const startRun = async (deps: ApiDeps, start: RunStart): Promise<z.infer<typeof StartedRun>> => {
  const { tenantId, principal, onceKey, agent, work, sandbox, ctx } = start;
  const { ports } = deps;
  const runId = RunId.parse(idFor(onceKey, 'run'));
  const workflowId = runAgentId(tenantId, runId);
  const agentId = agent.spec.id;
  const startedBy = principal.userId;
  const limits = smaller(agent.spec.limits, work.limits);
  const brief = work.brief === null ? null : await ports.content.put(tenantId, { brief: work.brief });
  const inputs = await Promise.all(work.inputs.map((input) => ports.content.put(tenantId, input)));
  const operation = await startOperation(deps, {
    kind: 'runAgent',
    work: runAgent,
    workflowId,
    input: (operationId) => ({
      ...{ tenantId, runId, agentId, brief, inputs, operationId, startedBy, limits, sandbox },
      lineage: { crewRunId: null, parentRunId: null, path: [] },
    }),
    scope: tenantId,
    startedBy,
    onceKey,
    reuse: 'ALLOW_DUPLICATE_FAILED_ONLY',
    taken: new Fault('conflict', 'This run was begun already; take a new Idempotency-Key for another one.'),
  });
  // So that it can be read at once; what the run itself says of its pin comes over it.
  await ports.agentRuns.begin(tenantId, {
    ...{ runId, kind: 'agent', subject: agentId, parentRunId: null, operationId: operation.id, version: null },
    ...{ pin: null, limits, sandbox, startedBy },
  });
  ctx.set('Location', `/api/v1/runs/${runId}`);
  const waitMs = waitAsked(ctx);
  const reply = waitMs === null ? null : await replyOf(deps, tenantId, workflowId, waitMs);
  if (reply === null) return { ...operation, runId, reply };
  ctx.set('Preference-Applied', 'wait');
  ctx.state.status = 200;
  return { ...publicOperation(await ports.operations.get(tenantId, operation.id)), runId, reply };
};

/** The reply, or null when the run goes on for longer than somebody waits. Its failure is the answer. */
const replyOf = async ({ ports, temporal }: ApiDeps, tenantId: TenantId, workflowId: string, ms: number) => {
  try {
    const handle = temporal.workflow.getHandle<typeof runAgent>(workflowId);
    const { reply } = await within(temporal, ms, () => handle.result());
    return z.json().parse(await ports.content.get(tenantId, reply.id));
  } catch (error) {
    if (gaveNoAnswer(error)) return null;
    throw error;
  }
};
