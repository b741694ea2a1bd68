import type { Act, CallAt, CallDone, Exactly, Prepared, StepCall, StepTaken } from '../../activities/agents/terms.ts';
import { ApplicationFailure } from '@temporalio/workflow';
import { own, planning } from './activities.ts';
import { invoke, perform } from './agent-acts.ts';
import { withinLimits } from './agent-limits.ts';
import { atWork, use } from './agent-state.ts';
import type { Loop } from './agent-state.ts';
import { ask, stillUnpaused, unpaused } from './agent-waits.ts';
import { newApproval } from './ask-people.ts';
import { isNew, watchCall, watchTurn } from './loop-guard.ts';

/** Reads of one turn at once. */
const AT_ONCE_MAX = 8;
/** Turns in a row with a call that nobody understands, before the model is given up. */
const UNREAD_MAX = 2;

const NUDGE =
  'this call was not made: you made it already, and going on like this changes nothing. Use what you have, try something else, or give your answer';

const NO_PROGRESS =
  'Your last turns brought nothing new. Give your answer from what you have, or say what you are missing.';

const looping = ({ at }: Loop): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`${at.agentId} goes in circles: it was stopped as a loop`, 'loop_stopped');

/**
 * Carries out the calls of one turn: reads at once, everything that has an effect one after the other, in the model's order.
 * Each call's place in the transcript is fixed before any of them begins.
 */
export async function carryOut(loop: Loop, { upto, calls }: StepTaken): Promise<void> {
  const { state } = loop;
  const asked = upto - 1;
  Object.assign(state, { open: asked, upto: upto + calls.length });
  const done: CallDone[] = [];
  let anyNew = false;
  const one = async (call: StepCall): Promise<void> => {
    const where: CallAt = { asked, index: call.index, seq: upto + call.index };
    const fresh = isNew(state.guard, call.key);
    const verdict = watchCall(state.guard, call.key);
    if (verdict === 'stop') throw looping(loop);
    anyNew ||= fresh;
    const said =
      verdict === 'nudge' ? await own.answerCall(atWork(loop), where, null, NUDGE) : await make(loop, call, where);
    state.flagged ||= said.flagged;
    done.push(said);
  };
  for (const together of batches(calls)) {
    await unpaused(loop);
    await withinLimits(loop, { toolCalls: together.length });
    use(state, { toolCalls: together.length });
    await Promise.all(together.map(one));
  }
  state.open = null;
  await judge(loop, done, anyNew);
}

/** Runs of reads, and all other calls alone. */
const batches = (calls: StepCall[]): StepCall[][] => {
  const all: StepCall[][] = [];
  for (const call of calls) {
    const last = all.at(-1);
    if (call.direct && last?.[0]?.direct && last.length < AT_ONCE_MAX) last.push(call);
    else all.push([call]);
  }
  return all;
};

/** Whether the turn brought the run any further. */
async function judge(loop: Loop, done: CallDone[], anyNew: boolean): Promise<void> {
  const { state } = loop;
  state.unread = done.some(({ unread }) => unread) ? state.unread + 1 : 0;
  if (state.unread > UNREAD_MAX) {
    const message = `${loop.at.agentId} made calls that nobody understands, ${state.unread} turns in a row`;
    throw ApplicationFailure.nonRetryable(message, 'llm_bad_output');
  }
  const verdict = watchTurn(state.guard, anyNew && done.some(({ ok }) => ok));
  if (verdict === 'stop') throw looping(loop);
  if (verdict === 'nudge') state.upto = await own.tellModel(atWork(loop), state.upto, NO_PROGRESS);
}

const make = async (loop: Loop, call: StepCall, where: CallAt): Promise<CallDone> => {
  if (call.direct) return invoke(loop, call.tool, where, null);
  const prepared = await planning.prepareCall(atWork(loop), where, loop.state.flagged);
  return prepared.next === 'said' ? prepared.done : agreed(loop, call, where, prepared);
};

/** People agree first where they are to be asked; what they saw is what is done. */
async function agreed(
  loop: Loop,
  { tool }: StepCall,
  where: CallAt,
  { consent, act, exactly }: Extract<Prepared, { next: 'act' }>,
): Promise<CallDone> {
  if (consent === null) return finish(loop, tool, where, act, exactly);
  const approvalId = newApproval();
  const kind = act.kind === 'question' ? 'question' : 'decision';
  const { outcome, contentId } = await ask(loop, { approvalId, kind, ...consent });
  await loop.tell(`approval/${approvalId}`, `${consent.subject}: ${outcome}`, { approvalId, outcome });
  await stillUnpaused(loop);
  const word = { approvalId, outcome, contentId };
  const settled = await planning.settleConsent(atWork(loop), where, word, exactly);
  return settled.next === 'said' ? settled.done : finish(loop, tool, where, settled.act, settled.exactly);
}

async function finish(loop: Loop, tool: string, where: CallAt, act: Act, exactly: Exactly): Promise<CallDone> {
  if (act.kind === 'invoke') return invoke(loop, tool, where, exactly);
  // A question that nobody was asked has no answer.
  if (act.kind === 'question') return own.answerCall(atWork(loop), where, exactly, 'nobody could be asked');
  const end = await perform(loop, act, exactly);
  return own.finishCall(atWork(loop), where, exactly, end);
}
