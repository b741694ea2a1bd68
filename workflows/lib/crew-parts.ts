import { ApplicationFailure, CancellationScope, executeChild, isCancellation, uuid4 } from '@temporalio/workflow';
import type { AgentTask } from '../../activities/agents/terms.ts';
import type { RunLimits } from '../../ports/agents.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { CrewTask } from '../../ports/crews.ts';
import type { RunId } from '../../ports/ids.ts';
import { runAgentId } from '../../ports/operations.ts';
import { runAgent } from '../run-agent.ts';
import type { AgentResult } from '../run-agent.ts';
import { local, own } from './activities.ts';
import { askPeople, newApproval, WITHIN_A_WEEK } from './ask-people.ts';
import { searchAttributes } from './attributes.ts';
import { unpaused } from './crew-state.ts';
import type { Crew, PartProgress } from './crew-state.ts';
import { asFailure, rootFailure } from './failures.ts';
import type { Failed } from './failures.ts';

/** Someone decided it: another try by itself would overrule them. */
const DECIDED = new Set(['cancelled', 'budget_exceeded', 'limit_reached', 'not_approved']);
/** What the members of a crew share. */
const BOARD_TOOLS = ['board_read', 'board_write', 'send_message', 'read_messages'];

/** What a part is given besides its task. */
export interface Given {
  step: number;
  /** Parts that begin together share what the crew has left. */
  beside: number;
  inputs: ContentRef[];
  /** One of the parts that the inputs come from read what looked like orders. */
  flagged: boolean;
  tools: string[];
}

/** An even share, so that no part can use up what the others need. Short of it, it asks people like any run. */
const shareOf = ({ left }: Crew, beside: number): RunLimits => ({
  steps: Math.min(1000, Math.max(1, Math.floor(left.steps / beside))),
  toolCalls: Math.min(5000, Math.max(0, Math.floor(left.toolCalls / beside))),
  tokens: Math.max(1, Math.floor(left.tokens / beside)),
  micros: Math.max(1, Math.floor(left.micros / beside)),
});

const use = ({ left }: Crew, used: RunLimits): void => {
  for (const what of ['steps', 'toolCalls', 'tokens', 'micros'] as const) left[what] -= used[what];
};

async function attempt(crew: Crew, agentId: string, brief: string | null, given: Given, part: PartProgress) {
  const { tenantId, runId: crewRunId, startedBy, sandbox } = crew;
  const { runId } = part;
  const task: AgentTask = {
    ...{ tenantId, runId, agentId, startedBy, sandbox, operationId: null },
    brief: await own.briefPart(tenantId, { task: brief, crew: crew.brief, said: crew.said }),
    inputs: given.inputs,
    lineage: { crewRunId, parentRunId: crewRunId, path: [] },
    limits: shareOf(crew, given.beside),
    tools: [...BOARD_TOOLS, ...given.tools],
    flagged: given.flagged,
  };
  const result = await executeChild(runAgent, {
    workflowId: runAgentId(tenantId, runId),
    args: [task],
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'runAgent' }),
  });
  crew.undo.push(...result.undo);
  use(crew, result.used);
  part.state = 'completed';
  return result;
}

/** People see what went wrong, and have it tried again or not. */
async function askWhetherAgain(crew: Crew, { agentId, brief }: CrewTask, runId: RunId, why: Failed): Promise<boolean> {
  const { tenantId, operationId, startedBy } = crew;
  const { code, message } = why;
  const { outcome } = await askPeople(tenantId, {
    ...{ approvalId: newApproval(), operationId, connectionId: null, requestedBy: startedBy, policy: WITHIN_A_WEEK },
    subject: `${agentId} failed in ${crew.crewId}. Approve to have it try again; else the crew ends and is undone`,
    content: await own.describeFailedPart(tenantId, { agentId, runId, task: brief, code, message }),
  });
  return outcome === 'approved';
}

/** Who tries next; null: nobody, and the crew goes on without this part. Throws what ends the crew. */
async function afterFailure(crew: Crew, task: CrewTask, tries: number, runId: RunId, error: unknown) {
  const why = rootFailure(error);
  const { onFailure } = task;
  const mayTry = !DECIDED.has(why.code);
  if (onFailure.kind === 'skip') return null;
  if (onFailure.kind === 'retry' && mayTry && tries <= onFailure.times) return task.agentId;
  if (onFailure.kind === 'fallback' && mayTry && tries === 1) return onFailure.agentId;
  if (onFailure.kind === 'ask' && (await askWhetherAgain(crew, task, runId, why))) return task.agentId;
  // Of a part alone: the crew was not cancelled, and says so.
  if (isCancellation(error))
    throw ApplicationFailure.nonRetryable(
      `${task.agentId} was cancelled by a person, and the crew needs its part`,
      why.code,
    );
  throw asFailure(error);
}

/** One task, by the first who gets it done as its policy says; null when it was skipped. */
export async function runPart(crew: Crew, task: CrewTask, given: Given): Promise<AgentResult | null> {
  let agentId = task.agentId;
  for (let tries = 1; ; tries += 1) {
    await unpaused(crew);
    const part: PartProgress = { agentId, runId: uuid4() as RunId, step: given.step, state: 'running', code: null };
    crew.parts.push(part);
    try {
      return await attempt(crew, agentId, task.brief, given, part);
    } catch (error) {
      Object.assign(part, { state: 'failed', code: rootFailure(error).code });
      // The crew itself is cancelled, or a sibling failed for good; a part alone may be cancelled, too, and has failed then.
      if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
      use(crew, await local.usedByPart({ tenantId: crew.tenantId, runId: part.runId }));
      const next = await afterFailure(crew, task, tries, part.runId, error);
      if (next === null) {
        part.state = 'skipped';
        return null;
      }
      agentId = next;
    }
  }
}
