import { Fault } from '../../ports/errors.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import { refusal } from '../tools/answers.ts';
import type { ToolAnswer, Toolbox, ToolCalled } from '../tools/toolbox.ts';
import { REFUSED } from '../writes.ts';
import type { CallReader } from './call-at.ts';
import type { Results } from './results.ts';
import type { ActEnd, AtWork, CallAt, CallDone, Exactly } from './terms.ts';

type Needs = Pick<WorkerPorts, 'content' | 'effects'>;

/** Told before a result, so that the model knows what was really done. */
const edited = (exactly: Exactly | null, { input }: ToolCalled, content: string): string =>
  exactly?.editedId
    ? `A person changed the arguments before approving this call. Carried out was: ${JSON.stringify(input)}\n${content}`
    : content;

export const createInvocation = ({ content, effects }: Needs, toolbox: Toolbox, find: CallReader, put: Results) => {
  /** Nothing was done, and the key is free for another try. */
  const undone = (error: unknown) =>
    error instanceof Fault && (REFUSED.has(error.code) || error.code === 'provider_down');

  const run = async (called: ToolCalled): Promise<ToolAnswer> => {
    const { run: carryOut } = toolbox.family(called.tool);
    if (!carryOut) throw new Fault('unsupported', `${called.tool.name} cannot be carried out here.`);
    return carryOut(called);
  };

  /** Once: claimed before, committed with its answer after it. Of an attempt whose end is unknown a person finds out. */
  const runOnce = async (called: ToolCalled): Promise<ToolAnswer> => {
    const { at, tool, input, effectKey } = called;
    if (toolbox.family(tool).repeatable?.(tool, input)) return run(called);
    const claim = await effects.claim(at.tenantId, effectKey, tool.name);
    if (claim.state === 'unknown')
      throw new Fault(
        'outcome_unknown',
        `An earlier attempt of ${tool.name} may have done this; look there before trying again.`,
      );
    if (claim.state === 'committed') return (await content.get(at.tenantId, claim.externalId)) as ToolAnswer;
    const answer = await run(called).catch(async (error: unknown) => {
      if (undone(error)) await effects.release(at.tenantId, effectKey);
      throw error;
    });
    // A tool that says no has done nothing, and may be asked again.
    if (!answer.ok) await effects.release(at.tenantId, effectKey);
    else {
      const kept = await content.put(at.tenantId, answer);
      await effects.commit(at.tenantId, effectKey, { externalId: kept.id, link: null });
    }
    return answer;
  };

  return {
    /**
     * Carries out one call by the toolbox and writes its result. `exactly`: what people agreed to, or what needs no word of
     * theirs; a call with an effect is carried out in no other form than this. Null: a call that only reads.
     */
    invokeCall: async (at: AtWork, where: CallAt, exactly: Exactly | null): Promise<CallDone> => {
      const { call, read } = await find(at, where, exactly?.editedId ?? null);
      if ('refused' in read)
        return put(at, where, call, { ok: false, content: read.refused, tool: read.tool, exactly, unread: true });
      const { called } = read;
      const { tool } = called;
      if (exactly !== null && exactly.argsHash !== called.argsHash)
        throw new Fault('approval_stale', `What was approved of ${tool.name} is not what would be done now.`);
      if (exactly === null && tool.effect !== 'read')
        throw new Fault('not_approved', `${tool.name} has an effect and was not prepared.`);
      const began = Date.now();
      const answer = tool.effect === 'read' ? await run(called) : await runOnce(called);
      const said = edited(exactly, called, answer.content);
      return put(at, where, call, { ...answer, content: said, tool, exactly, ms: Date.now() - began });
    },

    /** Writes down how a call ended that the workflow carried out. */
    finishCall: async (at: AtWork, where: CallAt, exactly: Exactly, end: ActEnd): Promise<CallDone> => {
      const { call, read } = await find(at, where, exactly.editedId);
      if ('refused' in read)
        return put(at, where, call, { ok: false, content: read.refused, tool: read.tool, exactly, unread: true });
      const { called } = read;
      const { tool } = called;
      if (!end.ok) {
        const said = edited(exactly, called, refusal(end.message));
        return put(at, where, call, { ok: false, content: said, tool, exactly });
      }
      const { tell } = toolbox.family(tool);
      const told = tell
        ? await tell(called, end.resultId, end.receipt)
        : JSON.stringify({ done: true, receipt: end.receipt });
      const said = edited(exactly, called, told);
      return put(at, where, call, { ok: true, content: said, receipt: end.receipt, tool, exactly });
    },

    /** A call that is not carried out, or could not be: the model is told why. */
    answerCall: async (at: AtWork, where: CallAt, exactly: Exactly | null, message: string): Promise<CallDone> => {
      const { call, pin } = await find(at, where, null);
      const tool = pin.tools.find(({ name }) => name === call.name) ?? null;
      return put(at, where, call, { ok: false, content: refusal(message), tool, exactly });
    },
  };
};
