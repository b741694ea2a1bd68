import { z } from 'zod';
import type { Connection } from '../ports/connections.ts';
import type { TenantId } from '../ports/ids.ts';
import { toolsOfCategory } from '../ports/tools.ts';
import type { ApiDeps } from './deps.ts';
import { reachedIn } from './reached.ts';

/** Operations that run now are the newest ones. */
const RUNNING_MAX = 100;

const EFFECTS = {
  schedule: 'Pauses, and goes on by itself when the connection works again.',
  operation: 'Waits where it needs the connection, and goes on when it works again.',
  approval: 'Can be decided; what it allows is done when the connection works again.',
  agent: 'Its runs wait where they need the connection, and go on when it works again.',
} as const;

const effect = z.string().meta({ description: 'What becomes of it when the connection dies.' });

/** Everything that depends on one connection. */
export const Impact = z
  .strictObject({
    schedules: z.array(
      z.strictObject({ stream: z.string(), paused: z.boolean(), nextAt: z.string().nullable(), effect }),
    ),
    operations: z.array(
      z.strictObject({
        id: z.uuid().nullable().meta({ description: 'Null for what a schedule or another operation started.' }),
        kind: z.string(),
        waiting: z.boolean(),
        startedAt: z.string(),
        effect,
      }),
    ),
    approvals: z.array(z.strictObject({ id: z.uuid(), subject: z.string(), deadlineAt: z.string(), effect })),
    agents: z.array(z.strictObject({ id: z.string(), effect })),
  })
  .meta({ id: 'ConnectionImpact' });
type Impact = z.infer<typeof Impact>;

const schedules = async ({ ports }: ApiDeps, tenantId: TenantId, id: string): Promise<Impact['schedules']> =>
  (await ports.workflows.listSyncSchedules(tenantId))
    .filter(({ connectionId }) => connectionId === id)
    .map(({ stream, paused, nextAt }) => ({ stream, paused, nextAt, effect: EFFECTS.schedule }));

/** The ids by which callers know what runs; a workflow's id stays inside. */
const operations = async (
  { ports }: ApiDeps,
  tenantId: TenantId,
  { id }: Connection,
): Promise<Impact['operations']> => {
  const dependants = await ports.workflows.listDependants(tenantId, id);
  if (dependants.length === 0) return [];
  const { data } = await ports.operations.list(tenantId, { limit: RUNNING_MAX });
  const running = await Promise.all(
    data.filter(({ outcome }) => outcome === 'running').map((one) => ports.operations.get(tenantId, one.id)),
  );
  const byWorkflow = new Map(running.map((one) => [one.workflowId, one.id]));
  return dependants.map(({ kind, workflowId, waiting, startedAt }) => ({
    id: byWorkflow.get(workflowId) ?? null,
    kind,
    waiting,
    startedAt,
    effect: EFFECTS.operation,
  }));
};

const approvals = async ({ ports }: ApiDeps, tenantId: TenantId, { id }: Connection): Promise<Impact['approvals']> =>
  (await ports.approvals.pendingThrough(tenantId, id)).map(({ id: approvalId, subject, deadlineAt }) => ({
    id: approvalId,
    subject,
    deadlineAt,
    effect: EFFECTS.approval,
  }));

/** Agents whose tools work through this connection. */
const agents = async (deps: ApiDeps, tenantId: TenantId, connection: Connection): Promise<Impact['agents']> => {
  const { ports } = deps;
  const { category } = ports.connectors.info(connection.connectorId);
  const reached = reachedIn(deps, await ports.connections.list(tenantId), category);
  if (reached?.id !== connection.id) return [];
  const reaching = await ports.agents.withTools(tenantId, toolsOfCategory(category));
  return reaching.map((id) => ({ id, effect: EFFECTS.agent }));
};

export const impactOf = async (deps: ApiDeps, tenantId: TenantId, connection: Connection): Promise<Impact> => {
  const [paused, running, waiting, reaching] = await Promise.all([
    schedules(deps, tenantId, connection.id),
    operations(deps, tenantId, connection),
    approvals(deps, tenantId, connection),
    agents(deps, tenantId, connection),
  ]);
  return { schedules: paused, operations: running, approvals: waiting, agents: reaching };
};
