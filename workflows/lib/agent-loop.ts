import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { StepTaken } from '../../activities/agents/terms.ts';
import type { ContentRef } from '../../ports/content.ts';
import { modelTurns, own, planning } from './activities.ts';
import { carryOut } from './agent-calls.ts';
import { withinLimits } from './agent-limits.ts';
import { askModels } from './agent-models.ts';
import { atWork, use } from './agent-state.ts';
import type { Loop } from './agent-state.ts';
import { unpaused } from './agent-waits.ts';
import { rootFailure } from './failures.ts';
import { isLong } from './long.ts';

/** `answered`: the model's answer was taken; `seq` is its message. `long`: the workflow is to continue as new with `loop.state`. */
export type LoopEnd = { kind: 'answered'; reply: ContentRef; seq: number } | { kind: 'long' };

/** A conversation of no more messages than this is not made shorter by a summary. */
const COMPACT_MESSAGES_MIN = 10;
/** How often an answer that cannot be used is sent back. */
const REPAIRS_MAX = 2;

/**
 * One agent at work: model turn, tools, again, until its answer can be used. The transcript is kept by reference, and
 * `loop.state` always says what was done, whenever this is cancelled.
 */
export async function runLoop(loop: Loop): Promise<LoopEnd> {
  const { state } = loop;
  for (;;) {
    await unpaused(loop);
    await hear(loop);
    if (isLong()) return { kind: 'long' };
    await withinLimits(loop, { steps: 1, tokens: 1 });
    const turn = await takeTurn(loop);
    if (turn.calls.length > 0) await carryOut(loop, turn);
    else {
      const seq = state.upto - 1;
      // Whoever said something meanwhile has changed what the answer is to.
      if (state.staged.length > 0) continue;
      const verdict = await planning.checkReply(atWork(loop), state.upto, turn.finish);
      if (verdict.accepted) return { kind: 'answered', reply: verdict.accepted, seq };
      state.upto = verdict.upto;
      state.repairs += 1;
      if (state.repairs > REPAIRS_MAX) {
        const message = `${loop.at.agentId} gave no usable answer in ${REPAIRS_MAX + 1} tries`;
        throw ApplicationFailure.nonRetryable(message, 'llm_bad_output');
      }
    }
  }
}

/** After a loop was cancelled and before its transcript goes on: calls that got no result are told to be cut off. */
export async function closeTurn(loop: Loop): Promise<void> {
  const { state } = loop;
  state.upto = await own.closeTurn(atWork(loop), state.open, state.upto);
  state.open = null;
}

/** What people said meanwhile is shown to the model from now on. */
async function hear(loop: Loop): Promise<void> {
  const { state } = loop;
  if (state.staged.length === 0) return;
  const said = [...state.staged];
  state.upto = await own.hear(atWork(loop), state.upto, said);
  const later = state.staged.slice(said.length);
  // Runs that lost what was said to them meanwhile replay as they went on.
  state.staged = later.length > 0 && patched('said-while-hearing') ? later : [];
}

/** One turn. What does not fit into the model's context is summed up first, once. */
async function takeTurn(loop: Loop): Promise<StepTaken> {
  const { crowded, floor, upto } = loop.state;
  if (crowded && upto - floor > COMPACT_MESSAGES_MIN) await compact(loop);
  try {
    return await oneTurn(loop);
  } catch (error) {
    if (rootFailure(error).code !== 'llm_context_overflow') throw error;
    await compact(loop);
    return oneTurn(loop);
  }
}

async function oneTurn(loop: Loop): Promise<StepTaken> {
  const { state } = loop;
  const { takeStep } = modelTurns(loop.at.tenantId);
  const taken = await askModels(loop, takeStep);
  use(state, { steps: 1, tokens: taken.tokens, micros: taken.costMicros });
  Object.assign(state, { upto: taken.upto, crowded: taken.crowded });
  return taken;
}

async function compact(loop: Loop): Promise<void> {
  const { state } = loop;
  const { compact: sumUp } = modelTurns(loop.at.tenantId);
  const { floor, upto, tokens, costMicros } = await askModels(loop, sumUp);
  use(state, { steps: 1, tokens, micros: costMicros });
  Object.assign(state, { floor, upto, crowded: false });
}
