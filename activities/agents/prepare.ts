import type { ApprovalPolicy } from '../../ports/approvals.ts';
import type { ContentRef } from '../../ports/content.ts';
import { Fault } from '../../ports/errors.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import { DEFAULT_ASK } from '../../ports/tools.ts';
import { screen } from '../guardrails/screen.ts';
import { refusal } from '../tools/answers.ts';
import type { ToolAct, Toolbox, ToolCalled } from '../tools/toolbox.ts';
import type { CallReader } from './call-at.ts';
import type { Results } from './results.ts';
import type { Act, AtWork, CallAt, Consented, Exactly, Prepared } from './terms.ts';

const SANDBOX = JSON.stringify({ sandbox: true, note: 'this is a trial: nothing was done, go on as if it had worked' });

const WORDS = {
  rejected: 'a person rejected this call; do not make it again as it is',
  expired: 'nobody decided about this call in time, so it was not made',
} as const;

type Needs = Pick<WorkerPorts, 'connectors' | 'content'>;
type Shown = Exclude<ToolAct, { refused: string }>;

export const createPreparation = ({ connectors, content }: Needs, toolbox: Toolbox, find: CallReader, put: Results) => {
  const actOf = async (called: ToolCalled): Promise<ToolAct> => {
    const { tool } = called;
    if (tool.route === 'activity')
      return { act: { kind: 'invoke' }, shown: { subject: `Call ${tool.name}`, connectionId: null }, preview: null };
    const { act } = toolbox.family(tool);
    if (!act) throw new Fault('unsupported', `${tool.name} cannot be carried out here.`);
    return act(called);
  };

  /** Whether what this creates can be deleted again, through the same connection. */
  const undoable = (act: Act): boolean => {
    if (act.kind !== 'write' || act.write.action.kind !== 'create') return false;
    try {
      connectors.checkWrite(act.connectorId, act.write.stream, { kind: 'delete', externalId: 'created' });
      return true;
    } catch {
      return false;
    }
  };

  /** Null: nobody has to be asked. The tenant's own rule goes first; what repeats suspicious content is never done unasked. */
  const policyFor = ({ tool, input }: ToolCalled, asks: ApprovalPolicy | undefined, flagged: boolean) => {
    const { consent } = tool;
    if (asks) return asks;
    if (consent.kind === 'ask') return consent.policy;
    if (tool.route === 'question') return DEFAULT_ASK;
    const suspicious = tool.effect !== 'read' && (flagged || screen(JSON.stringify(input)).flagged);
    return suspicious ? DEFAULT_ASK : null;
  };

  /** What people are shown, and what they approve by its hash. */
  const show = ({ at, tool, input }: ToolCalled, { shown, preview }: Shown, flagged: boolean): Promise<ContentRef> =>
    content.put(at.tenantId, {
      ...{ tool: tool.name, title: shown.subject, arguments: input, preview, schema: tool.parameters },
      ...{ agentId: at.agentId, runId: at.runId },
      warning: flagged
        ? 'The agent read text that looks like orders to it. Look closely at what it wants to do.'
        : null,
    });

  const exactlyOf = ({ argsHash, effectKey }: ToolCalled, { act, shown }: Shown, more: Partial<Exactly>): Exactly => ({
    ...{ argsHash, effectKey, approvalId: null, editedId: null, undoable: undoable(act) },
    ...(shown.connectionId !== null && { through: shown.connectionId }),
    ...more,
  });

  return {
    /** What is to be done about a call that is not carried out at once, and whether people are asked first. */
    prepareCall: async (at: AtWork, where: CallAt, flagged: boolean): Promise<Prepared> => {
      const { call, read } = await find(at, where, null);
      const say = async (ok: boolean, text: string, unread = false): Promise<Prepared> => {
        const tool = 'called' in read ? read.called.tool : read.tool;
        return { next: 'said', done: await put(at, where, call, { ok, content: text, tool, exactly: null, unread }) };
      };
      if ('refused' in read) return say(false, read.refused, true);
      const { called } = read;
      const { tool } = called;
      if (tool.consent.kind === 'never') return say(false, refusal(`agents may not call ${tool.name} here`));
      if (at.sandbox && tool.route !== 'delegate' && tool.effect !== 'read') return say(true, SANDBOX);
      const due = await actOf(called);
      if ('refused' in due) return say(false, due.refused);
      const policy = policyFor(called, due.asks, flagged);
      const consent = policy && { ...due.shown, content: await show(called, due, flagged), policy };
      return { next: 'act', consent, act: due.act, exactly: exactlyOf(called, due, {}) };
    },

    /**
     * After people decided: what they approved is read again and checked again, whoever wrote it, and is the only thing that
     * may be carried out from here on. A question has its answer with this.
     */
    settleConsent: async (at: AtWork, where: CallAt, word: Consented, asked: Exactly): Promise<Prepared> => {
      const { approvalId, outcome, contentId } = word;
      const original = await find(at, where, null);
      const exactly = { ...asked, approvalId };
      const say = async (ok: boolean, text: string): Promise<Prepared> => {
        await content.drop(at.tenantId, asked.effectKey);
        const tool = 'called' in original.read ? original.read.called.tool : original.read.tool;
        return { next: 'said', done: await put(at, where, original.call, { ok, content: text, tool, exactly }) };
      };
      if (outcome !== 'approved') return say(false, refusal(WORDS[outcome]));
      if ('called' in original.read && original.read.called.tool.route === 'question') {
        const { called } = original.read;
        const { tell } = toolbox.family(called.tool);
        return say(
          true,
          tell ? await tell(called, contentId, null) : JSON.stringify(await content.get(at.tenantId, contentId)),
        );
      }
      const { read } = await find(at, where, contentId);
      if ('refused' in read) return say(false, read.refused);
      const { called } = read;
      const editedId = called.argsHash === asked.argsHash ? null : contentId;
      const due = await actOf({ ...called, through: asked.through });
      if ('refused' in due) return say(false, due.refused);
      // Only a person's own edit may lead elsewhere than where people were shown.
      if (editedId === null && asked.through !== undefined && due.shown.connectionId !== asked.through)
        return say(false, refusal('this was approved for another connection; make the call again to ask anew'));
      if (editedId !== null) await content.drop(at.tenantId, asked.effectKey);
      return {
        next: 'act',
        consent: null,
        act: due.act,
        exactly: exactlyOf(called, due, { approvalId, editedId }),
      };
    },
  };
};
