import { randomUUID } from 'node:crypto';
import type { UpdateDefinition } from '@temporalio/common';
import type { AgentRun } from '../ports/agent-runs.ts';
import { Fault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { RunId, TenantId } from '../ports/ids.ts';
import { MESSAGES, conversationId, runAgentId, runCrewId } from '../ports/operations.ts';
import type { By } from '../workflows/lib/agent-messages.ts';
import type { ApiDeps } from './deps.ts';
import { seenRun } from './seen-run.ts';
import { update, within } from './temporal.ts';

const IDS = { agent: runAgentId, crew: runCrewId, conversation: conversationId } as const;
/** What it is at is told when there is somebody to tell it at once. */
const PROGRESS_MS = 1000;

export const workflowOf = (tenantId: TenantId, { kind, runId }: AgentRun): string => IDS[kind](tenantId, runId);

export const over = (): Fault => new Fault('conflict', 'This run has ended; start another one.');

/** Where a run at work stands, as its workflow says; null when it has ended, or nobody answers in time. */
export const progressOf = async ({ temporal }: ApiDeps, tenantId: TenantId, run: AgentRun): Promise<unknown> => {
  if (run.state !== 'running') return null;
  try {
    const ask = () => temporal.workflow.getHandle(workflowOf(tenantId, run)).query<unknown>(MESSAGES.progress);
    return await within(temporal, PROGRESS_MS, ask);
  } catch {
    return null;
  }
};

interface Word<Said> {
  tenantId: TenantId;
  principal: Principal;
  runId: RunId;
  onceKey: string | null;
  definition: UpdateDefinition<unknown, [By & Said]>;
  said: Said;
  /** Crews have neither limits to move nor a model: their parts have. */
  toCrews: boolean;
}

/** Says something to a run at work, once for each key, and gives how it stands then. */
export const tellRun = async <Said extends object>(deps: ApiDeps, word: Word<Said>): Promise<{ progress: unknown }> => {
  const { tenantId, principal, runId, onceKey, definition, said, toCrews } = word;
  const run = await seenRun(deps, tenantId, principal, runId);
  if (run.kind === 'crew' && !toCrews)
    throw new Fault('unsupported', 'A crew takes this by its parts; say it to one of them.');
  if (run.state !== 'running') throw over();
  const actor = { userId: principal.userId, role: principal.role };
  const progress = await update(deps.temporal, {
    workflowId: workflowOf(tenantId, run),
    definition,
    args: [{ actor, ...said }],
    updateId: onceKey ?? randomUUID(),
    ended: over(),
  });
  return { progress };
};
