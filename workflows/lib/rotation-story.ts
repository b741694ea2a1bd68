import { setHandler } from '@temporalio/workflow';
import type { RotationTerms } from '../../activities/rotation.ts';
import type { OperationId } from '../../ports/ids.ts';
import type { Rotation, RotationRef } from '../../ports/rotation.ts';
import type { NewOperationEvent } from '../../ports/runs.ts';
import { local, own } from './activities.ts';
import { rootFailure } from './failures.ts';
import { progressQuery } from './rotation-messages.ts';
import type { RotateOne, RotationView } from './rotation-messages.ts';

type Step = Rotation['step'];
type Ended = Exclude<Rotation['outcome'], 'running'>;

const SAID: Record<Step, string> = {
  asking: 'Asking people for the new one',
  creating: 'Making the new one; the old one is in use',
  verifying: 'Trying the new one by a real call',
  cutting_over: 'Putting the new one in use; the old one is still accepted',
  observing: 'Watching: both are accepted',
  revoking: 'Taking the old one back',
};
const SAID_OF_END: Record<Ended, string> = {
  rotated: 'The new one is in use, the old one is accepted no more',
  rolled_back: 'The old one is in use as before, the new one is gone',
  kept: 'Nothing was changed',
};
const TOLD_AS = { rotated: 'completed', rolled_back: 'undone', kept: 'failed' } as const;
const ROLES = { platform: ['platform_admin', 'super_admin'], tenant: ['tenant_admin'] };

/** Tells a rotation's steps as they happen: in its row, to those who watch its operation, to the audit log, to the query. */
export const createRotationStory = ({ rotationId, target, operationId, actor, carried }: RotateOne) => {
  const ref: RotationRef = { ...target, rotationId };
  // One that was due has an operation of its own id.
  const operation = operationId ?? (rotationId as OperationId);
  let view: RotationView = carried?.view ?? { rotationId, step: 'creating', outcome: 'running', message: null };
  setHandler(progressQuery, () => view);

  let by = actor;
  const record = (change: Partial<RotationView>, event: NewOperationEvent): Promise<void> => {
    view = { ...view, ...change };
    const { step, outcome, message } = view;
    const data = { rotationId };
    return local.recordRotation(ref, {
      step,
      outcome,
      message,
      operationId: operation,
      actor: by,
      event: { data, ...event },
    });
  };
  const at = (step: Step, state: NewOperationEvent['state'], message: string | null = null, label: string = step) =>
    record({ step, message }, { step: label, state, message: message ?? SAID[step] });

  return {
    ref,
    view: () => view,
    open: async () => {
      if (operationId === null) await own.openRotation(ref);
      await record({}, { step: 'rotation', state: 'started', message: SAID.creating });
    },
    /** Who does what comes next, for the audit log. */
    actsFor: (person: string) => void (by = person),
    /** What is waited for, or what went wrong, in words for people. */
    at,
    /** Runs one step and tells its beginning and its end. `label` tells a repeated step apart. */
    step: async (step: Step, run: () => Promise<unknown>, label: string = step): Promise<void> => {
      await at(step, 'started', null, label);
      try {
        await run();
      } catch (error) {
        const { code, message } = rootFailure(error);
        if (code !== 'cancelled') await at(step, 'failed', message, label);
        throw error;
      }
      await at(step, 'completed', null, label);
    },
    end: async (outcome: Ended, message: string | null, failed: { code: string; message: string } | null) => {
      const why = message === null ? SAID_OF_END[outcome] : `${SAID_OF_END[outcome]}: ${message}`;
      await own.forgetRotation(ref);
      await record({ outcome, message }, { step: 'rotation', state: TOLD_AS[outcome], message: why });
      if (failed === null) return own.settleOperation(operation, 'completed', null);
      const { code, message: error } = failed;
      await own.settleOperation(operation, code === 'cancelled' ? 'cancelled' : 'failed', { code, message: error });
    },
    /** To those whom the policy names: what they must do, and where. What is the platform's own is told to the platform. */
    tell: (asks: RotationTerms['asks'], kind: string, subject: string, nth = 0): Promise<void> => {
      const who = target.scope === 'platform' ? 'platform' : asks;
      return own.tellOfFact(who === 'platform' ? 'platform' : target.scope, {
        key: `rotation.${kind}/${rotationId}/${nth}`,
        roles: ROLES[who],
        kind: `rotation.${kind}`,
        subject,
        link: `/api/v1/secrets/rotations/${rotationId}`,
      });
    },
  };
};
export type RotationStory = ReturnType<typeof createRotationStory>;
