import {
  ActivityFailure,
  CancellationScope,
  executeChild,
  isCancellation,
  patched,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Act, ActEnd, AgentTask, CallAt, CallDone, Exactly } from '../../activities/agents/terms.ts';
import type { Write } from '../../activities/writes.ts';
import { connectorWriteId, runAgentId, WORKFLOWS } from '../../ports/operations.ts';
import { connectorWrite } from '../connector-write.ts';
import type { runAgent } from '../run-agent.ts';
import type { CrewInput, CrewResult } from '../run-crew.ts';
import { local, own, thinking } from './activities.ts';
import { atWork, left, use } from './agent-state.ts';
import type { Delegated, Loop } from './agent-state.ts';
import { addUndo, keepUndo } from './agent-undo.ts';
import { ask, stillUnpaused } from './agent-waits.ts';
import { newApproval, WITHIN_A_WEEK } from './ask-people.ts';
import { searchAttributes } from './attributes.ts';
import { rootFailure } from './failures.ts';
import type { Failed } from './failures.ts';

/** Parts that the run's result names; all of them are in the store. */
const DELEGATED_MAX = 40;
/** Runs that met a part's end before this was so must go on as they began. */
const ALONE = 'part-fails-alone';

type Doing = Exclude<Act, { kind: 'invoke' | 'question' }>;

/** Does what the call asks for outside this workflow. What fails is told to the model, who may find another way. */
export async function perform(loop: Loop, act: Doing, { undoable }: Exactly): Promise<ActEnd> {
  try {
    switch (act.kind) {
      case 'write': {
        const receipt = await writing(act);
        if (undoable) await keepUndo(loop, { ...act.write, action: { kind: 'delete', ...receipt } }, act.connectorId);
        return { ok: true, resultId: null, receipt: receipt.externalId };
      }
      case 'workflow': {
        const { workflow, workflowId, taskQueue, input } = act;
        const { tenantId } = loop.at;
        const isCrew = workflow === WORKFLOWS.runCrew;
        // A crew is as careful as the run that gives it its brief, and the run as its crew.
        const given = isCrew ? { ...(input as CrewInput), flagged: loop.state.flagged } : input;
        const result: unknown = await executeChild(workflow, {
          ...{ workflowId, taskQueue, args: [given] },
          typedSearchAttributes: searchAttributes({ tenantId, operation: workflow }),
        });
        if (isCrew) loop.state.flagged ||= (result as CrewResult).flagged;
        return { ok: true, resultId: await own.keepResult(tenantId, result ?? null), receipt: workflowId };
      }
      case 'delegate': {
        const { reply, runId } = await delegating(loop, act.task);
        return { ok: true, resultId: reply.id, receipt: runId };
      }
    }
  } catch (error) {
    if (isOver(error)) throw error;
    if (isCancellation(error)) return { ok: false, code: 'cancelled', message: 'it was cancelled by a person' };
    const { code, message } = rootFailure(error);
    return { ok: false, code, message };
  }
}

/** This run itself is cancelled. What it started may be cancelled alone, too, and has failed then like anything else. */
const isOver = (error: unknown): boolean =>
  isCancellation(error) && (CancellationScope.current().consideredCancelled || !patched(ALONE));

const writing = async ({ write, connectorId }: { write: Write; connectorId: string }) => {
  const { tenantId, connectionId, effectKey } = write;
  const { externalId } = await executeChild(connectorWrite, {
    workflowId: connectorWriteId(tenantId, effectKey),
    args: [write],
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'connectorWrite', connectorId, connectionId }),
  });
  return { externalId };
};

/**
 * Another agent does a part, within what this run has left. What it used counts here as well, also when it fails, and so does
 * what it read.
 */
const delegating = async (loop: Loop, task: AgentTask): Promise<Delegated> => {
  const [{ state }, mine] = [loop, left(loop.state)];
  const { steps, toolCalls, tokens, micros } = { ...mine, ...task.limits };
  const limits = {
    steps: Math.max(1, Math.min(steps, mine.steps)),
    toolCalls: Math.min(toolCalls, mine.toolCalls),
    tokens: Math.max(1, Math.min(tokens, mine.tokens)),
    micros: Math.min(micros, mine.micros),
  };
  const result = await executeChild<typeof runAgent>(WORKFLOWS.runAgent, {
    workflowId: runAgentId(task.tenantId, task.runId),
    args: [{ ...task, limits, flagged: state.flagged }],
    typedSearchAttributes: searchAttributes({ tenantId: task.tenantId, operation: 'runAgent' }),
  }).catch(async (error: unknown) => {
    if (!isOver(error) && patched(ALONE))
      use(state, await local.usedByPart({ tenantId: task.tenantId, runId: task.runId }));
    throw error;
  });
  const { agentId, runId, reply } = result;
  use(state, result.used);
  state.flagged ||= result.flagged;
  await addUndo(loop, result.undo);
  const part = { agentId, runId, reply };
  state.delegated = [...state.delegated, part].slice(0, DELEGATED_MAX);
  return part;
};

/**
 * Carries a call out by the toolbox. One that may have happened, and must not be made twice, waits for a person who looks;
 * one for a connection to be made again waits with all others that do.
 */
export async function invoke(loop: Loop, tool: string, where: CallAt, exactly: Exactly | null): Promise<CallDone> {
  const at = atWork(loop);
  for (;;) {
    try {
      return await loop.patiently(
        () => own.connectionOfTool(at.tenantId, tool),
        () => thinking.invokeCall(at, where, exactly),
      );
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { code, message } = whyOf(error, tool, exactly);
      const again =
        code === 'outcome_unknown' && exactly !== null && (await askWhetherToRepeat(loop, tool, where, exactly));
      if (!again) return own.answerCall(at, where, exactly, message);
    }
  }
}

/** An effect that time cut off may have happened: the model is not told that it failed, or it might do it twice. */
const whyOf = (error: unknown, tool: string, exactly: Exactly | null): Pick<Failed, 'code' | 'message'> => {
  const isCut = exactly !== null && error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
  if (!isCut || !patched('cut-calls-are-asked-about')) return rootFailure(error);
  const message = `${tool} did not end in time and may have done this; look there before trying again.`;
  return { code: 'outcome_unknown', message };
};

/** Approved: nothing had happened, and it may be made again. */
async function askWhetherToRepeat(loop: Loop, tool: string, where: CallAt, exactly: Exactly): Promise<boolean> {
  const { outcome } = await ask(loop, {
    approvalId: newApproval(),
    subject: `${tool} may have happened. Look there, and approve if it did not and is to be done again`,
    content: await own.describeCall(atWork(loop), where, exactly),
    policy: WITHIN_A_WEEK,
  });
  await stillUnpaused(loop);
  if (outcome === 'approved') await own.forgetAttempt(loop.at.tenantId, exactly.effectKey);
  return outcome === 'approved';
}
