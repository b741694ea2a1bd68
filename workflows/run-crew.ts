import { defineQuery, executeChild, setHandler, uuid4 } from '@temporalio/workflow';
import type { ContentRef } from '../ports/agents.ts';
import type { RunId, TenantId } from '../ports/ids.ts';
import { MESSAGES, runAgentId } from '../ports/operations.ts';
import { thinking } from './lib/activities.ts';
import { searchAttributes } from './lib/attributes.ts';
import { asFailure } from './lib/failures.ts';
import { runAgent } from './run-agent.ts';

export interface CrewInput {
  tenantId: TenantId;
  runId: RunId;
  crewId: string;
}

/** Each agent's part, by reference, in the order of the plan. */
export interface CrewResult {
  parts: { agentId: string; runId: RunId; reply: ContentRef }[];
}

export interface CrewProgress {
  crewId: string;
  steps: number;
  done: { agentId: string; runId: RunId }[];
}

export const progressQuery = defineQuery<CrewProgress>(MESSAGES.progress);

/** Runs a crew by the plan that its first activity fetched: each step's agents at once, given the replies of the step before. */
export async function runCrew({ tenantId, crewId }: CrewInput): Promise<CrewResult> {
  const progress: CrewProgress = { crewId, steps: 0, done: [] };
  setHandler(progressQuery, () => progress);

  const runPart = async (agentId: string, inputs: ContentRef[]) => {
    const runId = uuid4() as RunId;
    const reply = await executeChild(runAgent, {
      workflowId: runAgentId(tenantId, runId),
      args: [{ tenantId, runId, agentId, inputs }],
      typedSearchAttributes: searchAttributes({ tenantId, operation: 'runAgent' }),
    });
    progress.done.push({ agentId, runId });
    return { agentId, runId, reply };
  };

  try {
    const plan = await thinking.planCrew(crewId);
    progress.steps = plan.steps.length;
    const parts: CrewResult['parts'] = [];
    let inputs: ContentRef[] = [];
    for (const step of plan.steps) {
      const done = await Promise.all(step.map((agentId) => runPart(agentId, inputs)));
      parts.push(...done);
      inputs = done.map(({ reply }) => reply);
    }
    return { parts };
  } catch (error) {
    throw asFailure(error);
  }
}
