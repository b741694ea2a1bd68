import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { TenantId } from '../../ports/ids.ts';
import { MESSAGES, WORKFLOWS } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { withDeadline } from './client.ts';

const CALL_MS = 10_000;
/** Signals under way at once. */
const ABREAST = 20;
/** Those that ask models themselves. */
const ASKERS = [WORKFLOWS.runAgent, WORKFLOWS.conversation];

const oneOf = (names: string[]) => `(${names.map((name) => `"${name}"`).join(', ')})`;

/** Runs that wait, as Temporal's visibility knows them: whoever is a moment late for it wakes by its own timer, or by people. */
export function temporalAgentWaits(client: Client): Pick<WorkflowPort, 'wakeModels' | 'wakeSpenders'> {
  const wake = async (workflowId: string, signal: string) => {
    try {
      await withDeadline(client, CALL_MS, () => client.workflow.getHandle(workflowId).signal(signal));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };

  const wakeAll = async (tenantId: TenantId, blockedBy: string[], signal: string): Promise<void> => {
    const query =
      `TenantId = "${tenantId}" AND BlockedBy IN ${oneOf(blockedBy)} AND WorkflowType IN ${oneOf(ASKERS)} ` +
      'AND ExecutionStatus = "Running"';
    const waiting = await withDeadline(client, CALL_MS, async () => {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
      return ids;
    });
    for (let at = 0; at < waiting.length; at += ABREAST) {
      await Promise.all(waiting.slice(at, at + ABREAST).map((workflowId) => wake(workflowId, signal)));
    }
  };

  return {
    wakeModels: (tenantId) => wakeAll(tenantId, ['auth', 'quota', 'provider'], MESSAGES.modelsChanged),
    wakeSpenders: (tenantId) => wakeAll(tenantId, ['approval'], MESSAGES.budgetRaised),
  };
}
