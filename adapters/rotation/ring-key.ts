import { Fault, isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import type { RotatedClass } from '../../ports/secret-classes.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { SecretPort, SecretValues, SecretVersion } from '../../ports/secrets.ts';
import { changeSecret, forgetOlder } from './change.ts';
import { AWAY_MS, FRESH_MS, isKey, newKey, newKid } from '../key-ring.ts';

/** After the cut-over, the moment from which nobody writes with the predecessor, not even a process without a secret store. */
const SETTLED_MS = FRESH_MS + AWAY_MS + 60_000;
const TRIES = 5;

/** One rotation's note: the ids of both keys, since when the predecessor was in use, and `moving` once the cut-over began. */
export type RingNote = { successor: string; predecessor: string; since: string; moving?: string; before?: string };

interface RingKind {
  path: string;
  secretClass: RotatedClass;
  subject: string;
  /** Throws when the key does not do what it is for. */
  tryOut: (kid: string) => Promise<void>;
  /** Asked from the moment (`settledAt`, in milliseconds) from which everybody writes with the successor. */
  neededBy: (ref: RotationRef, at: { settledAt: number; note: RingNote }) => Promise<string | null>;
}

/** Notes of rotations, at the path that the rotation's id names. */
export const ringNotes = (secrets: SecretPort) => {
  const pathOf = ({ scope, rotationId }: RotationRef) => rotationSecretPath(scope, rotationId);
  const read = async (ref: RotationRef) => {
    const kept = await secrets.read(pathOf(ref));
    return { version: kept?.version ?? 0, note: kept ? (kept.values as unknown as RingNote) : null };
  };
  return {
    read: async (ref: RotationRef): Promise<RingNote | null> => (await read(ref)).note,
    /** What stands there stays. */
    add: async (ref: RotationRef, more: Partial<RingNote>): Promise<RingNote> => {
      for (let left = TRIES; ; left -= 1) {
        const { version, note } = await read(ref);
        const next = { ...more, ...note } as RingNote;
        if (note && Object.keys(next).length === Object.keys(note).length) return note;
        try {
          await secrets.put(pathOf(ref), version, next, { class: 'rotation', createdBy: ref.rotationId });
          return next;
        } catch (error) {
          if (!isFault(error, 'stale_version') || left === 0) throw error;
        }
      }
    },
    drop: (ref: RotationRef) => secrets.destroy(pathOf(ref)),
  };
};

const sinceOf = ({ values, meta }: SecretVersion): string => values['since'] ?? meta.createdAt;
const without = (values: SecretValues, kid: string): SecretValues =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== kid));

/** Rotates the writing key of a ring (see ../key-ring.ts). Everyone accepts a key from the moment it stands in the ring. */
export function ringRotator(secrets: SecretPort, kind: RingKind): Rotator {
  const { path, secretClass, subject } = kind;
  const notes = ringNotes(secrets);
  const gone = () => new Fault('conflict', `this rotation of ${subject} holds nothing any more; start another one`);
  const noteOf = async (ref: RotationRef): Promise<RingNote> => {
    const note = await notes.read(ref);
    if (note === null) throw gone();
    return note;
  };
  const ring = async () => {
    const kept = await secrets.read(path);
    if (kept === null)
      throw new Fault('not_found', `there are no keys at ${path} yet; they are made at their first use`);
    return kept;
  };
  /** By compare-and-set; `next` gives back the same values when there is nothing to change. */
  const change = (by: string, next: (values: SecretValues) => SecretValues) =>
    changeSecret(secrets, path, { class: secretClass, createdBy: by }, next);
  const pointTo = (kid: string, since: string) => (values: SecretValues) =>
    values['current'] === kid ? values : { ...values, current: kid, since };

  return {
    targets: async (scope) => {
      const kept = scope === PLATFORM ? await secrets.read(path) : null;
      return kept ? [{ scope, secretClass, subject, since: sinceOf(kept) }] : [];
    },
    plan: async () => ({ by: 'platform', ask: null }),

    create: async (ref, given) => {
      const key = given?.['key'] ?? newKey();
      if (!isKey(key))
        throw new Fault('invalid_request', 'the key is not 32 bytes in base64; make one with: openssl rand -base64 32');
      const now = await ring();
      const { current: predecessor = '' } = now.values;
      const { successor } = await notes.add(ref, { successor: newKid(), predecessor, since: sinceOf(now) });
      await change(ref.rotationId, (values) => (successor in values ? values : { ...values, [successor]: key }));
    },
    verify: async (ref) => kind.tryOut((await noteOf(ref)).successor),
    cutOver: async (ref) => {
      const { successor } = await notes.add(ref, { moving: 'yes' });
      await change(ref.rotationId, pointTo(successor, new Date().toISOString()));
    },
    neededBy: async (ref) => {
      const note = await noteOf(ref);
      const settledAt = Date.parse(sinceOf(await ring())) + SETTLED_MS;
      if (!(Date.now() < settledAt)) return kind.neededBy(ref, { settledAt, note });
      return `until ${new Date(settledAt).toISOString()} a process that does not reach the secret store may write with the old key`;
    },
    revoke: async (ref) => {
      const note = await notes.read(ref);
      if (note === null) return { left: null };
      await change(ref.rotationId, (values) => {
        const { current = '', since = '', [note.successor]: key = '' } = values;
        if (current !== note.successor)
          throw new Fault('conflict', `${subject} writes with another key; nothing was revoked`);
        // Keys that rotations left which were rolled back go too: whoever needs them is as old as the predecessor's.
        return Object.keys(values).length === 3 ? values : { current, since, [current]: key };
      });
      await forgetOlder(secrets, path);
      await notes.drop(ref);
      return { left: null };
    },
    rollBack: async (ref) => {
      const note = await notes.read(ref);
      if (note === null) return;
      const { successor, predecessor, since, moving } = note;
      // What was written with the successor since the cut-over is still to be read.
      if (moving !== undefined) await change(ref.rotationId, pointTo(predecessor, since));
      else await change(ref.rotationId, (values) => (successor in values ? without(values, successor) : values));
      await notes.drop(ref);
    },
  };
}
