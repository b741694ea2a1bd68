import { randomUUID } from 'node:crypto';
import type { PLATFORM } from '../../ports/ids.ts';
import { OperationId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { QUEUES, rotateSecretId } from '../../ports/operations.ts';
import type { RotationPlan, RotationPolicy, RotationPort, RotationTarget } from '../../ports/rotation.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { progressQuery, rotateSecret } from '../../workflows/rotate-secret.ts';
import type { RotateOne, RotationView } from '../../workflows/rotate-secret.ts';
import type { Ground } from './ground.ts';
import { reaches } from './until.ts';

type Method = Exclude<keyof RotationPort, 'targets' | 'plan'>;

/** An issuer in memory: which of its keys is in use, and which it accepts. `old` is in use at first. */
export const anIssuer = (plan: RotationPlan = { by: 'platform', ask: null }) => {
  const calls: Method[] = [];
  const made = new Map<string, string>();
  const accepted = new Set(['old']);
  let inUse = 'old';
  /** What a test wants to happen in a method's stead, or before it. */
  const before: Partial<Record<Method, (nth: number) => Promise<void> | void>> = {};
  const after: typeof before = {};
  const needed: (string | null)[] = [];
  const method =
    <Args extends unknown[], Result>(name: Method, work: (rotationId: string, ...args: Args) => Result) =>
    async ({ rotationId }: { rotationId: string }, ...args: Args): Promise<Result> => {
      calls.push(name);
      const nth = calls.filter((one) => one === name).length;
      await before[name]?.(nth);
      const result = work(rotationId, ...args);
      await after[name]?.(nth);
      return result;
    };
  const port: Omit<RotationPort, 'targets'> = {
    plan: async () => plan,
    create: method('create', (id, given: SecretValues | null) => {
      made.set(id, given?.['key'] ?? `new ${id}`);
      accepted.add(made.get(id) ?? '');
    }),
    verify: method('verify', () => undefined),
    cutOver: method('cutOver', (id) => void (inUse = made.get(id) ?? '')),
    neededBy: method('neededBy', () => needed.shift() ?? null),
    revoke: method('revoke', () => {
      accepted.delete('old');
      return { left: null as string | null };
    }),
    rollBack: method('rollBack', (id) => {
      accepted.delete(made.get(id) ?? '');
      made.delete(id);
      inUse = 'old';
    }),
  };
  return { calls, before, after, needed, port, state: () => ({ inUse, accepted: [...accepted] }) };
};
export type Issuer = ReturnType<typeof anIssuer>;

export const untouched = { inUse: 'old', accepted: ['old'] };

/** Both are accepted for as long as a test says; by default, no time at all. */
export const policy = (change: Partial<RotationPolicy> = {}): RotationPolicy => ({
  ...{ secretClass: 'vendor_api_key', everyDays: 90, overlapHours: 0, asks: 'tenant', enabled: true },
  ...change,
});

/** A rotation as the API starts one: its operation's row, then its workflow. */
export const startARotation = async (
  { ports, client }: Pick<Ground, 'ports' | 'client'>,
  scope: TenantId | typeof PLATFORM,
  change: Partial<RotateOne> & { secretClass?: RotationTarget['secretClass']; subject?: string } = {},
) => {
  const { secretClass = 'vendor_api_key', subject = randomUUID(), ...input } = change;
  const target: RotationTarget = { scope, secretClass, subject };
  const workflowId = rotateSecretId(scope, secretClass, subject);
  const operationId = OperationId.parse(randomUUID());
  const rotationId = randomUUID();
  const startedBy = UserId.parse(randomUUID());
  await ports.operations.begin({
    ...{ id: operationId, scope, workflowId, kind: 'rotateSecret', startedBy, idempotencyKey: null },
  });
  const run = await client.workflow.start(rotateSecret, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ rotationId, target, operationId, actor: startedBy, ...input }],
    memo: { operationId },
  });
  const { firstExecutionRunId: firstRunId } = run;
  // Without a run's id: it follows the rotation from one run to the next.
  const handle = client.workflow.getHandle<typeof rotateSecret>(workflowId, undefined, {
    firstExecutionRunId: firstRunId,
  });
  return {
    ...{ target, rotationId, operationId, workflowId, handle, firstRunId, ref: { ...target, rotationId } },
    row: () => ports.rotations.get(scope, rotationId),
    operation: () => ports.operations.get(scope, operationId),
    told: async () =>
      (await ports.operations.eventsAfter(0, [operationId])).map(({ step, state }) => `${step} ${state}`),
    reaches: (holds: (view: RotationView) => boolean, patience?: Parameters<typeof reaches>[3]) =>
      reaches<RotationView>(handle, progressQuery.name, holds, patience),
    stage: (values: SecretValues) => ports.staging.stage(workflowId, values),
  };
};
