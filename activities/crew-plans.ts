import { z } from 'zod';
import type { RunLimits } from '../ports/agents.ts';
import type { AgentRun, RunHead } from '../ports/agent-runs.ts';
import type { ContentRef } from '../ports/content.ts';
import { PARALLEL_MAX } from '../ports/crews.ts';
import type { CrewPlan } from '../ports/crews.ts';
import { Fault } from '../ports/errors.ts';
import type { OperationId, TenantId, UserId } from '../ports/ids.ts';
import type { WorkerPorts } from '../ports/index.ts';
import { spendScopes } from '../ports/spending.ts';

/** A crew at work, as its run is kept. */
export interface CrewBegun extends RunHead {
  crewId: string;
  operationId: OperationId | null;
  startedBy: UserId;
  sandbox: boolean;
}

/** What one part of a crew is told to do: its own task, the crew's, and what people said since. */
export interface PartBrief {
  task: string | null;
  crew: ContentRef | null;
  said: ContentRef[];
}

type Needs = Pick<WorkerPorts, 'catalogue' | 'agentRuns' | 'spending' | 'content' | 'transcripts' | 'board'>;

const Brief = z.object({ brief: z.string() });
const Text = z.object({ text: z.string() });

export const createCrewActivities = ({ catalogue, agentRuns, spending, content, transcripts, board }: Needs) => ({
  /** Its plan enters history here, so editing a crew changes no crew at work. Its money is bounded before any part begins. */
  beginCrew: async ({ tenantId, runId, crewId, ...by }: CrewBegun): Promise<CrewPlan> => {
    const { process, limits } = catalogue.crew(crewId);
    if (process.kind === 'steps' && process.steps.some(({ length }) => length > PARALLEL_MAX)) {
      throw new Fault('invalid_request', `A step of ${crewId} has more than ${PARALLEL_MAX} tasks; make two of it.`);
    }
    const whose = { kind: 'crew', subject: crewId, parentRunId: null, version: null, pin: null } as const;
    await agentRuns.begin(tenantId, { runId, ...by, ...whose, limits });
    await spending.setLimit(tenantId, spendScopes.crew(runId), limits.micros);
    return { crewId, process, limits };
  },

  endCrew: (run: RunHead, end: Pick<AgentRun, 'error' | 'replyId'> & { state: 'completed' | 'failed' | 'cancelled' }) =>
    agentRuns.end(run, end),

  /** Null: the agent's own instructions say all. */
  briefPart: async (tenantId: TenantId, { task, crew, said }: PartBrief): Promise<ContentRef | null> => {
    const whole = crew === null ? null : Brief.parse(await content.get(tenantId, crew.id)).brief;
    const since = await Promise.all(said.map(async ({ id }) => Text.parse(await content.get(tenantId, id)).text));
    const parts = [
      ...(whole === null ? [] : [`The crew's task: ${whole}`]),
      ...(task === null ? [] : [whole === null ? task : `Your part of it: ${task}`]),
      ...since.map((text) => `Said since by the people whom you work for: ${text}`),
    ];
    return parts.length === 0 ? null : content.put(tenantId, { brief: parts.join('\n\n') });
  },

  /** What people said to a crew at work, for its members who look at their messages. */
  postToCrew: async (run: RunHead, said: ContentRef, opId: string): Promise<void> => {
    await board.send(run.tenantId, run.runId, { from: 'people', to: null, content: said, opId });
  },

  /** What a part used that did not live to say so. */
  usedByPart: async (run: RunHead): Promise<RunLimits> => {
    const { modelCalls, toolCalls, inputTokens, outputTokens, costMicros } = await transcripts.usage(run);
    return { steps: modelCalls, toolCalls, tokens: inputTokens + outputTokens, micros: costMicros };
  },

  /** What people are shown who decide whether a part is tried again. */
  describeFailedPart: (
    tenantId: TenantId,
    failed: { agentId: string; runId: string; task: string | null; code: string; message: string },
  ): Promise<ContentRef> => content.put(tenantId, failed),
});
