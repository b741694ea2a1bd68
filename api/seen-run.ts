import type { AgentRun } from '../ports/agent-runs.ts';
import { Fault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { RunId, TenantId } from '../ports/ids.ts';
import { mayCall } from './access.ts';
import type { ApiDeps } from './deps.ts';

/** Whether somebody sees all runs of the tenant; others see their own. */
export const seesAllRuns = ({ role }: Principal): boolean => mayCall(role, 'manageIntegrations');

/** A run, for somebody who may see it; `not_found` else. A conversation is its person's alone, whoever asks. */
export const seenRun = async (
  { ports }: Pick<ApiDeps, 'ports'>,
  tenantId: TenantId,
  principal: Principal,
  runId: RunId,
): Promise<AgentRun> => {
  const run = await ports.agentRuns.get({ tenantId, runId });
  const isOwn = run.startedBy === principal.userId;
  if (!isOwn && (run.kind === 'conversation' || !seesAllRuns(principal)))
    throw new Fault('not_found', `There is no run ${runId}.`);
  return run;
};
