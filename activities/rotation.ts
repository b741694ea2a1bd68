import { Fault, FAULTS, isFault } from '../ports/errors.ts';
import { OperationId, PLATFORM, SCHEDULE } from '../ports/ids.ts';
import type { Scope, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { dueAtMs } from '../ports/rotation.ts';
import type { Rotation, RotationPlan, RotationPolicy, RotationRef, RotationTarget } from '../ports/rotation.ts';
import type { RotatedClass } from '../ports/secret-classes.ts';
import { WORKFLOWS } from '../ports/operations.ts';
import { rotationSecretPath } from '../ports/secrets.ts';
import type { SecretValues, StagedRef } from '../ports/secrets.ts';
import type { NewOperationEvent } from '../ports/runs.ts';
import { myWorkflowId } from './grants.ts';

const HOUR_MS = 3_600_000;
/** Of tenants looked at by one call. */
const PAGE = 20;

/** How one secret is rotated, and by which policy. */
export type RotationTerms = RotationPlan & Pick<RotationPolicy, 'asks'> & { overlapMs: number };

/** Where a rotation stands, who made it so, and how it is told to those who watch its operation. */
export interface RotationStep extends Pick<Rotation, 'step' | 'outcome' | 'message'> {
  operationId: OperationId;
  actor: string;
  event: NewOperationEvent;
}

type Needs = Pick<Ports, 'rotation' | 'rotations' | 'secrets' | 'staging' | 'tenants' | 'operations'>;

export const createRotationActivities = (ports: Needs) => {
  const { rotation, rotations, secrets, staging, tenants, operations } = ports;

  const policyOf = async (secretClass: RotatedClass): Promise<RotationPolicy> => {
    const policy = (await rotations.policies()).find((each) => each.secretClass === secretClass);
    if (policy === undefined) throw new Fault('internal', `no policy says how ${secretClass} is rotated`);
    return policy;
  };

  /** What was staged is gone after a quarter of an hour, which says nothing of the secret that is rotated. */
  const opened = async (staged: StagedRef): Promise<SecretValues> => {
    try {
      return await staging.open(staged, myWorkflowId());
    } catch (error) {
      if (!isFault(error, 'not_found')) throw error;
      throw new Fault('unprocessable', error.message, { cause: error });
    }
  };

  return {
    /** The operation of a rotation that nobody asked for, so that people can watch it like any other. Idempotent. */
    openRotation: async ({ scope, rotationId }: RotationRef): Promise<void> => {
      await operations.begin({
        id: OperationId.parse(rotationId),
        scope,
        workflowId: myWorkflowId(),
        kind: WORKFLOWS.rotateSecret,
        startedBy: SCHEDULE,
        idempotencyKey: null,
      });
    },

    planRotation: async (target: RotationTarget): Promise<RotationTerms> => {
      const { overlapHours, asks } = await policyOf(target.secretClass);
      return { ...(await rotation.plan(target)), asks, overlapMs: overlapHours * HOUR_MS };
    },

    createSuccessor: async (ref: RotationRef, staged: StagedRef | null): Promise<void> =>
      rotation.create(ref, staged && (await opened(staged))),
    verifySuccessor: (ref: RotationRef): Promise<void> => rotation.verify(ref),
    cutOverToSuccessor: (ref: RotationRef): Promise<void> => rotation.cutOver(ref),
    predecessorNeededBy: (ref: RotationRef): Promise<string | null> => rotation.neededBy(ref),
    revokePredecessor: (ref: RotationRef): Promise<{ left: string | null }> => rotation.revoke(ref),

    /** Silent for a secret that is no longer there: its successor went with it. */
    rollBackRotation: async (ref: RotationRef): Promise<void> => {
      await rotation.rollBack(ref).catch((error: unknown) => {
        if (!isFault(error, 'not_found')) throw error;
      });
    },
    /** Whatever came of it, nothing that it held stays. */
    forgetRotation: ({ scope, rotationId }: RotationRef): Promise<void> =>
      secrets.destroy(rotationSecretPath(scope, rotationId)),

    /** Into its row, into the story of the operation that asked for it, and into the audit log. */
    recordRotation: async (ref: RotationRef, { actor, event, ...at }: RotationStep): Promise<void> => {
      await rotations.record(ref, at);
      const { outcome } = at;
      const whole = outcome === 'running' ? 'started' : outcome;
      const line = {
        key: `rotation/${ref.rotationId}/${event.step}/${event.state}`,
        actor,
        action: event.step === 'rotation' ? `rotation.${whole}` : `rotation.${at.step}.${event.state}`,
        resourceType: ref.secretClass,
        resourceId: ref.subject,
        metadata: { rotationId: ref.rotationId, outcome },
      };
      await operations.record(at.operationId, event, line);
    },

    /**
     * What of the class is older than its policy says at the moment `now` (ISO 8601): the platform's own with the first
     * page, then that of a page of tenants. `next` is null at the end. `wrong` says why a first one could not be looked at,
     * which holds up none of the others.
     */
    dueRotations: async (
      secretClass: RotatedClass,
      now: string,
      after: string | null,
    ): Promise<{ targets: RotationTarget[]; next: string | null; wrong: string | null }> => {
      const policy = await policyOf(secretClass);
      if (policy.everyDays === null || !policy.enabled) return { targets: [], next: null, wrong: null };
      const page = await tenants.list({ limit: PAGE, ...(after === null ? {} : { cursor: after }) });
      const active = page.data.filter(({ state }) => state === 'active').map(({ id }): TenantId => id);
      const due: RotationTarget[] = [];
      let wrong: string | null = null;
      for (const scope of after === null ? [PLATFORM, ...active] : active) {
        try {
          for (const { since, ...target } of await rotation.targets(scope as Scope, secretClass)) {
            if ((dueAtMs(policy, since) ?? Infinity) <= Date.parse(now)) due.push(target);
          }
        } catch (error) {
          if (!(error instanceof Fault) || FAULTS[error.code].retry) throw error;
          wrong ??= `${scope}: ${error.message}`;
        }
      }
      return { targets: due, next: page.nextCursor, wrong };
    },
  };
};
