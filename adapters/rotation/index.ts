import { Fault } from '../../ports/errors.ts';
import type { RotationPort, RotationTarget, Rotator } from '../../ports/rotation.ts';
import { ROTATED_CLASSES } from '../../ports/secret-classes.ts';
import type { RotatedClass } from '../../ports/secret-classes.ts';

/** One for each class. A class without one has nothing to rotate in this deployment, such as a login to Vault without Vault. */
export type Rotators = Partial<Record<RotatedClass, Rotator>>;

/** All rotators behind one door: what is asked of a secret is answered by the rotator of its class. */
export const createRotation = (rotators: Rotators): RotationPort => {
  const of = ({ secretClass }: RotationTarget): Rotator => {
    const rotator = rotators[secretClass];
    if (rotator === undefined) {
      throw new Fault(
        'unsupported',
        `This deployment keeps nothing of the class ${secretClass}, so there is nothing to rotate; GET /api/v1/secrets/rotation lists what there is.`,
      );
    }
    return rotator;
  };
  return {
    targets: async (scope, secretClass) => {
      const classes = secretClass === undefined ? ROTATED_CLASSES : [secretClass];
      const found = [];
      for (const each of classes) found.push(...((await rotators[each]?.targets(scope)) ?? []));
      return found;
    },
    plan: async (target) => of(target).plan(target),
    create: async (ref, given) => of(ref).create(ref, given),
    verify: async (ref) => of(ref).verify(ref),
    cutOver: async (ref) => of(ref).cutOver(ref),
    neededBy: async (ref) => of(ref).neededBy(ref),
    revoke: async (ref) => of(ref).revoke(ref),
    rollBack: async (ref) => of(ref).rollBack(ref),
  };
};
