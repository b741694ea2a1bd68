import { Fault } from '../../ports/errors.ts';
import type { RotationRef } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { SecretPort, SecretValues } from '../../ports/secrets.ts';

/** What a rotation keeps from its first step to its last, in a secret of its own. */
export interface Held {
  predecessor: SecretValues;
  /** Null until it was made or given. */
  successor: SecretValues | null;
  /** What else the rotator must know; never a secret. */
  notes: Record<string, string>;
}

/** By compare-and-set, so that of two attempts at one step one learns that it came too late (`stale_version`). */
export const createHold = (secrets: SecretPort, { scope, rotationId }: RotationRef) => {
  const path = rotationSecretPath(scope, rotationId);
  return {
    read: async (): Promise<(Held & { version: number }) | null> => {
      const kept = await secrets.read(path);
      if (kept === null) return null;
      const { predecessor = '{}', successor = 'null', notes = '{}' } = kept.values;
      return {
        version: kept.version,
        predecessor: JSON.parse(predecessor) as SecretValues,
        successor: JSON.parse(successor) as SecretValues | null,
        notes: JSON.parse(notes) as Record<string, string>,
      };
    },
    /** Gives what is held, with a successor; `conflict` when there is none, so that there is nothing to go on with. */
    async whole(): Promise<Held & { successor: SecretValues }> {
      const held = await this.read();
      const successor = held?.successor;
      if (held && successor) return { ...held, successor };
      throw new Fault('conflict', 'this rotation holds no successor any more; start another one');
    },
    write: ({ predecessor, successor, notes }: Held, expected: number): Promise<number> => {
      const values = {
        predecessor: JSON.stringify(predecessor),
        successor: JSON.stringify(successor),
        notes: JSON.stringify(notes),
      };
      return secrets.put(path, expected, values, { class: 'rotation', createdBy: rotationId });
    },
    drop: (): Promise<void> => secrets.destroy(path),
  };
};
