import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { AgentTask, Undo } from '../activities/agents/terms.ts';
import type { ContentRef } from '../ports/content.ts';
import type { RunId } from '../ports/ids.ts';
import { local, own, thinking } from './lib/activities.ts';
import { listenToLoop } from './lib/agent-controls.ts';
import { runLoop } from './lib/agent-loop.ts';
import { progressOf, progressQuery } from './lib/agent-messages.ts';
import { adopt, openLoop } from './lib/agent-state.ts';
import type { Delegated, Loop, LoopState, Used } from './lib/agent-state.ts';
import { undoAll } from './lib/agent-undo.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { createStory } from './lib/story.ts';

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
      adopt(loop, await thinking.planAgent(task, 'run'));
      await story?.tell('run', 'started', `${agentId} begins`, { runId });
    }
    const end = await runLoop(loop);
    await condition(allHandlersFinished);
    if (end.kind === 'long') return await continueAsNew<typeof runAgent>(task, loop.state);
    await own.endRun(loop.at, { state: 'completed', error: null, replyId: end.reply.id });
    await story?.tell('run', 'completed', `${agentId} is done`, { runId, replyId: end.reply.id });
    if (operationId) await local.settleOperation(operationId, 'completed', null);
    const { used, flagged, undo, delegated } = loop.state;
    return { runId, agentId, reply: end.reply, used, flagged, undo, delegated };
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => giveUp(loop, error));
    throw asFailure(error);
  }
}

/** A part of a crew takes back what it did: the crew never hears of a part that failed what that was. */
async function giveUp({ at, state }: Loop, error: unknown): Promise<void> {
  const { code, message } = rootFailure(error);
  const outcome = isCancellation(error) ? 'cancelled' : 'failed';
  await undoAll(at.tenantId, state.undo);
  await own.endRun(at, { state: outcome, error: { code, message }, replyId: null });
  if (at.operationId) await local.settleOperation(at.operationId, outcome, { code, message });
}
