import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  isCancellation,
  patched,
  setHandler,
} from '@temporalio/workflow';
import type { AgentTask, Undo } from '../activities/agents/terms.ts';
import type { ContentRef } from '../ports/content.ts';
import type { RunId } from '../ports/ids.ts';
import { local, own, planning } from './lib/activities.ts';
import { listenToLoop } from './lib/agent-controls.ts';
import { runLoop } from './lib/agent-loop.ts';
import type { LoopEnd } from './lib/agent-loop.ts';
import { progressOf, progressQuery } from './lib/agent-messages.ts';
import { adopt, openLoop } from './lib/agent-state.ts';
import type { Delegated, Loop, LoopState, Used } from './lib/agent-state.ts';
import { undoAll } from './lib/agent-undo.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { createStory } from './lib/story.ts';
import type { Story } from './lib/story.ts';

export interface AgentResult {
  runId: RunId;
  agentId: string;
  /** By reference: what the agent's declaration names, or `{ text }`. */
  reply: ContentRef;
  used: Used;
  /** It read what looked like orders: whoever is given its reply asks before everything that has an effect. */
  flagged: boolean;
  /** How the crew that it is a part of takes back what it did. Empty for a run of its own. */
  undo: Undo[];
  /** Parts that other agents made for it, 40 at most. */
  delegated: Delegated[];
}

/** One agent works one task. Its transcript is kept by reference; a run that grows long goes on as a new one. */
export async function runAgent(task: AgentTask, resumed?: LoopState): Promise<AgentResult> {
  const { tenantId, runId, agentId, lineage, operationId, startedBy, sandbox } = task;
  const story = operationId ? createStory(operationId, tenantId, 'runAgent') : null;
  const loop = openLoop(
    { tenantId, runId, agentId, lineage, operationId, startedBy, sandbox },
    {
      state: resumed,
      ...(sandbox && { waitMaxMs: 0 }),
      tell: async (...told) => story?.tell(told[0], 'completed', told[1], told[2]),
    },
  );
  listenToLoop(loop);
  setHandler(progressQuery, () => progressOf(loop));
  try {
    if (!resumed) {
      adopt(loop, await planning.planAgent(task, 'run'));
      await story?.tell('run', 'started', `${agentId} begins`, { runId });
    }
    const end = await work(loop);
    await condition(allHandlersFinished);
    if (end.kind === 'long') return await continueAsNew<typeof runAgent>(task, loop.state);
    // Whoever cancels from here on comes too late: what a run that stands as completed did is not taken back.
    await CancellationScope.nonCancellable(() => complete(loop, story, end.reply));
    const { used, flagged, undo, delegated } = loop.state;
    return { runId, agentId, reply: end.reply, used, flagged, undo, delegated };
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    loop.over = true;
    await CancellationScope.nonCancellable(() => giveUp(loop, error));
    throw asFailure(error);
  }
}

/** What was said while its answer was looked at is answered, too; from the end on nothing more is heard. */
async function work(loop: Loop): Promise<LoopEnd> {
  for (;;) {
    const end = await runLoop(loop);
    if (end.kind === 'long') return end;
    // Runs that ended without a look replay as they did.
    loop.over = loop.state.staged.length === 0 || !patched('hears-to-the-end');
    if (loop.over) return end;
  }
}

async function complete({ at }: Loop, story: Story | null, { id: replyId }: ContentRef): Promise<void> {
  const { agentId, runId, operationId } = at;
  await own.endRun(at, { state: 'completed', error: null, replyId });
  await story?.tell('run', 'completed', `${agentId} is done`, { runId, replyId });
  if (operationId) await local.settleOperation(operationId, 'completed', null);
}

/** A part of a crew takes back what it did: the crew never hears of a part that failed what that was. */
async function giveUp({ at, state }: Loop, error: unknown): Promise<void> {
  const { code, message } = rootFailure(error);
  const outcome = isCancellation(error) ? 'cancelled' : 'failed';
  await undoAll(at.tenantId, state.undo);
  await own.endRun(at, { state: outcome, error: { code, message }, replyId: null });
  if (at.operationId) await local.settleOperation(at.operationId, outcome, { code, message });
}
