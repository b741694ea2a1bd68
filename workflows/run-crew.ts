import { CancellationScope, executeChild, isCancellation, uuid4 } from '@temporalio/workflow';
import type { ContentRef } from '../ports/content.ts';
import type { CrewPlan } from '../ports/crews.ts';
import type { OperationId, RunId, TenantId, UserId } from '../ports/ids.ts';
import { runCrewId } from '../ports/operations.ts';
import { local, own } from './lib/activities.ts';
import { searchAttributes } from './lib/attributes.ts';
import { undoAll } from './lib/agent-undo.ts';
import { runPart } from './lib/crew-parts.ts';
import type { Given } from './lib/crew-parts.ts';
import { allHeard, listenToCrew } from './lib/crew-state.ts';
import type { Crew, CrewPart } from './lib/crew-state.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { createStory } from './lib/story.ts';
import type { AgentResult } from './run-agent.ts';

export interface CrewInput {
  tenantId: TenantId;
  crewId: string;
  /** Missing: a schedule's tick, which takes a run of its own. */
  runId?: RunId;
  startedBy: UserId;
  /** What the crew is to do, as content `{ brief }`; null: its declaration says all. */
  brief?: ContentRef | null;
  operationId?: OperationId | null;
  sandbox?: boolean;
  /** Its brief comes from a run that read suspicious content: no write of its parts goes unasked. */
  flagged?: boolean;
}

export interface CrewResult {
  runId: RunId;
  /** Each agent's part, by reference, in the order of the plan; a part that was skipped is not there. */
  parts: CrewPart[];
  /** What the crew as a whole answers: the last step's last part, or the manager's. Null: it was skipped. */
  reply: ContentRef | null;
  flagged: boolean;
}

/**
 * Runs a crew by the plan that its first activity fetched. What a part cannot do is retried, handed on, asked about or skipped
 * as its task says; when the crew fails or is cancelled, what its parts did is undone, the last first.
 */
export async function runCrew(input: CrewInput): Promise<CrewResult> {
  const { tenantId, crewId, runId, startedBy, brief = null, operationId = null, sandbox = false } = input;
  if (runId === undefined) return asOwnRun(input);
  const crew: Crew = {
    ...{ tenantId, runId, crewId, operationId, startedBy, sandbox, brief },
    ...{ steps: 0, paused: false, parts: [], said: [], undo: [] },
    left: { steps: 0, toolCalls: 0, tokens: 0, micros: 0 },
  };
  listenToCrew(crew);
  const story = operationId ? createStory(operationId, tenantId, 'runCrew') : null;
  try {
    const plan = await own.beginCrew({ tenantId, runId, crewId, operationId, startedBy, sandbox });
    crew.left = { ...plan.limits };
    await story?.tell('crew', 'started', `${crewId} begins`, { runId });
    const { parts, reply, flagged } = await work(crew, plan, input.flagged ?? false);
    await allHeard();
    // Whoever cancels from here on comes too late: what a crew that stands as completed did is not taken back.
    await CancellationScope.nonCancellable(async () => {
      await end(crew, 'completed', null, reply);
      await story?.tell('crew', 'completed', `${crewId} is done`, { runId, parts: parts.length });
      if (operationId) await local.settleOperation(operationId, 'completed', null);
    });
    return { runId, parts, reply, flagged };
  } catch (error) {
    await CancellationScope.nonCancellable(() => giveUp(crew, error));
    throw asFailure(error);
  }
}

/** Under an id that its run is known by. While it lasts, the schedule's next tick is skipped. */
const asOwnRun = (input: CrewInput): Promise<CrewResult> => {
  const { tenantId } = input;
  const runId = uuid4() as RunId;
  return executeChild(runCrew, {
    workflowId: runCrewId(tenantId, runId),
    args: [{ ...input, runId }],
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'runCrew' }),
  });
};

const partOf = ({ agentId, runId, reply }: AgentResult): CrewPart => ({ agentId, runId, reply });

type Worked = Omit<CrewResult, 'runId'>;

const work = (crew: Crew, { process }: CrewPlan, wary: boolean): Promise<Worked> => {
  crew.steps = process.kind === 'steps' ? process.steps.length : 1;
  return process.kind === 'steps' ? takeSteps(crew, process.steps, wary) : manage(crew, process, wary);
};

type Steps = Extract<CrewPlan['process'], { kind: 'steps' }>['steps'];
type Manager = Extract<CrewPlan['process'], { kind: 'manager' }>;

/** One after the other; the tasks of one at once, each given the replies of the step before. */
async function takeSteps(crew: Crew, steps: Steps, wary: boolean): Promise<Worked> {
  const parts: CrewPart[] = [];
  let [inputs, reply, flagged]: [ContentRef[], ContentRef | null, boolean] = [[], null, wary];
  for (const [step, tasks] of steps.entries()) {
    const given: Given = { step, beside: tasks.length, inputs, flagged, tools: [] };
    const ends: (AgentResult | null)[] = await together(tasks.map((task) => () => runPart(crew, task, given)));
    const done = ends.filter((result) => result !== null);
    parts.push(...done.map(partOf));
    inputs = done.map((result) => result.reply);
    reply = ends.at(-1)?.reply ?? null;
    flagged ||= done.some((result) => result.flagged);
  }
  return { parts, reply, flagged };
}

/** All at once. When one fails for good the others are cancelled, and take back what they did, before anything else happens. */
async function together<Result>(tasks: (() => Promise<Result>)[]): Promise<Result[]> {
  const scope = new CancellationScope();
  let failed: { error: unknown } | undefined;
  const one = async (task: () => Promise<Result>): Promise<Result> => {
    try {
      return await task();
    } catch (error) {
      failed ??= { error };
      scope.cancel();
      throw error;
    }
  };
  return scope.run(async () => {
    const ends = await Promise.allSettled(tasks.map(one));
    if (failed) throw failed.error;
    return ends.flatMap((ended) => (ended.status === 'fulfilled' ? [ended.value] : []));
  });
}

/** One agent hands work to the members as it sees fit; each of them is a run of its own within what the manager has left. */
async function manage(crew: Crew, { agentId, members, brief }: Manager, wary: boolean): Promise<Worked> {
  const tools = members.map((member) => `delegate_to_${member}`);
  const given = { step: 0, beside: 1, inputs: [], flagged: wary, tools };
  const result = await runPart(crew, { agentId, brief, onFailure: { kind: 'fail' } }, given);
  if (result === null) return { parts: [], reply: null, flagged: wary };
  return { parts: [...result.delegated, partOf(result)], reply: result.reply, flagged: result.flagged };
}

async function giveUp(crew: Crew, error: unknown): Promise<void> {
  const { code, message } = rootFailure(error);
  const outcome = isCancellation(error) ? 'cancelled' : 'failed';
  await undoAll(crew.tenantId, crew.undo);
  await end(crew, outcome, { code, message }, null);
  if (crew.operationId) await local.settleOperation(crew.operationId, outcome, { code, message });
}

const end = (
  { tenantId, runId }: Crew,
  state: 'completed' | 'failed' | 'cancelled',
  error: { code: string; message: string } | null,
  reply: ContentRef | null,
): Promise<void> => own.endCrew({ tenantId, runId }, { state, error, replyId: reply?.id ?? null });
