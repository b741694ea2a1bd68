import { Fault } from '../ports/errors.ts';
import type { UserId } from '../ports/ids.ts';
import { rotateSecretId } from '../ports/operations.ts';
import type { RotationTarget } from '../ports/rotation.ts';
import type { Operation } from '../ports/runs.ts';
import type { SecretValues, StagedRef } from '../ports/secrets.ts';
import { rotateSecret } from '../workflows/rotate-secret.ts';
import type { RotateOne } from '../workflows/rotate-secret.ts';
import type { ApiDeps } from './deps.ts';
import { idFor, startOperation } from './start-operation.ts';
import { gaveNoAnswer } from './temporal-faults.ts';

interface Start {
  target: RotationTarget;
  startedBy: UserId;
  onceKey: string | null;
  /** The successor, where the caller has it already. */
  given?: SecretValues;
}

/** Starts the rotation of one secret, as an operation of its scope. `conflict` while one of this secret is at work. */
export const startRotation = async (
  deps: ApiDeps,
  { target, startedBy, onceKey, given }: Start,
): Promise<Operation & { rotationId: string }> => {
  const { scope, secretClass, subject } = target;
  const workflowId = rotateSecretId(scope, secretClass, subject);
  const rotationId = idFor(onceKey, 'rotation');
  const start = (staged: { given?: StagedRef }) =>
    startOperation(deps, {
      kind: 'rotateSecret',
      work: rotateSecret,
      workflowId,
      input: (operationId): RotateOne => ({ rotationId, target, operationId, actor: startedBy, ...staged }),
      scope,
      startedBy,
      onceKey,
      reuse: 'ALLOW_DUPLICATE',
      taken: new Fault(
        'conflict',
        'This secret is being rotated already; GET /api/v1/secrets/rotation says where that stands. Wait for its end, or cancel it.',
      ),
    });
  if (given === undefined) return { ...(await start({})), rotationId };
  const staged = await deps.ports.staging.stage(workflowId, given);
  try {
    return { ...(await start({ given: staged })), rotationId };
  } catch (error) {
    // Of one that may have started in spite of it, the workflow says what to do: the value lapses for nobody else's use.
    if (!gaveNoAnswer(error)) await deps.ports.staging.discard(staged);
    throw error;
  }
};
