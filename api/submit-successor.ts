import { randomUUID } from 'node:crypto';
import { Fault } from '../ports/errors.ts';
import type { FaultCode } from '../ports/errors.ts';
import type { UserId } from '../ports/ids.ts';
import { rotateSecretId } from '../ports/operations.ts';
import type { RotationRef } from '../ports/rotation.ts';
import type { SecretValues } from '../ports/secrets.ts';
import { submitSuccessorUpdate } from '../workflows/lib/rotation-messages.ts';
import type { ApiDeps } from './deps.ts';
import { withStaged } from './staged.ts';
import { temporalFault } from './temporal-faults.ts';
import { update } from './temporal.ts';

/** What an issuer says of a value, rather than of a moment. */
const OF_VALUES = new Set<FaultCode>([
  'credential_rejected',
  'credential_forbidden',
  'provider_rejected',
  'client_broken',
]);

/** A refusal names the fields that were refused: all that were sent, where the issuer does not say which. */
const byField = (error: unknown, sent: string[]): unknown => {
  const fault = temporalFault(error);
  if (fault === null || fault.fields.length > 0 || !OF_VALUES.has(fault.code)) return error;
  const { code, message, providerCode } = fault;
  return new Fault(code, message, { cause: error, providerCode, fields: sent.map((path) => ({ path, message })) });
};

/** Hands a rotation the successor that it asks for, and waits until it was tested. What is refused can be corrected and sent again. */
export const submitSuccessor = async (
  deps: ApiDeps,
  { scope, rotationId, secretClass, subject }: RotationRef,
  fields: SecretValues,
  { actor, onceKey }: { actor: UserId; onceKey: string | null },
): Promise<void> => {
  const workflowId = rotateSecretId(scope, secretClass, subject);
  try {
    await withStaged(deps, workflowId, fields, (staged) =>
      update(deps.temporal, {
        workflowId,
        definition: submitSuccessorUpdate,
        args: [{ staged, actor }],
        updateId: onceKey ?? randomUUID(),
        ended: new Fault('conflict', `The rotation ${rotationId} has ended; start another one.`),
      }),
    );
  } catch (error) {
    throw byField(error, Object.keys(fields));
  }
};
