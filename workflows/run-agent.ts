import { ApplicationFailure, defineQuery, setHandler } from '@temporalio/workflow';
import type { AgentTask } from '../activities/crews.ts';
import type { ContentRef } from '../ports/agents.ts';
import { MESSAGES } from '../ports/operations.ts';
import { own, thinking } from './lib/activities.ts';
import { asFailure } from './lib/failures.ts';
import { createPatience } from './lib/patience.ts';

export interface AgentProgress {
  step: number;
  toolCalls: number;
  repairs: number;
}

export const progressQuery = defineQuery<AgentProgress>(MESSAGES.progress);

const REPAIRS_MAX = 2;
/** The same call with the same arguments, this often in one run, is a loop. */
const SAME_CALL_MAX = 3;

const failed = (message: string, code: string) => ApplicationFailure.nonRetryable(message, code);

/** One agent at work: model turn, tools, again, until its answer has the asked shape. The transcript is kept by reference. */
export async function runAgent(task: AgentTask): Promise<ContentRef> {
  const progress: AgentProgress = { step: 0, toolCalls: 0, repairs: 0 };
  const calls = new Map<string, number>();
  const patiently = createPatience();
  setHandler(progressQuery, () => progress);
  try {
    const plan = await thinking.planAgent(task);
    let upto = plan.upto;
    for (; progress.step < plan.turnsMax; progress.step += 1) {
      const turn = await thinking.takeTurn(task, progress.step, upto);
      upto = turn.upto;
      for (const [index, { tool, key }] of turn.calls.entries()) {
        const times = (calls.get(key) ?? 0) + 1;
        if (times > SAME_CALL_MAX)
          throw failed(
            `${task.agentId} called ${tool} with the same arguments ${times} times: stopped as a loop`,
            'llm_bad_output',
          );
        calls.set(key, times);
        const seq = upto;
        upto = await patiently(
          () => own.connectionOfTool(task.tenantId, tool),
          () => thinking.invokeTool(task, turn.upto - 1, index, seq),
        );
        progress.toolCalls += 1;
      }
      if (turn.calls.length > 0) continue;
      if (turn.finish === 'refusal') throw failed(`the model refused the task of ${task.agentId}`, 'llm_bad_output');
      const verdict = await thinking.checkReply(task, upto);
      if (verdict.accepted) return verdict.accepted;
      upto = verdict.upto;
      progress.repairs += 1;
      if (progress.repairs > REPAIRS_MAX)
        throw failed(`${task.agentId} gave no usable answer in ${REPAIRS_MAX + 1} tries`, 'llm_bad_output');
    }
    throw failed(`${task.agentId} did not end within ${plan.turnsMax} turns`, 'llm_bad_output');
  } catch (error) {
    throw asFailure(error);
  }
}
