import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../ports/errors.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { SecretClass } from '../ports/secret-classes.ts';
import type { SecretPort, SecretValues } from '../ports/secrets.ts';
import { madeOnce } from './made-once.ts';

/** So long a process writes with a key before it looks whether there is a newer one. */
export const FRESH_MS = 60_000;
/**
 * So long it goes on with the keys that it knows while the secret store does not answer. A worker that could not encode
 * would lose the results of everything at work; one that did so for ever would write with a key that the others gave up.
 */
export const AWAY_MS = 60 * 60_000;
/** The secret store is not asked more often than this, whatever key ids strangers send. */
const AGAIN_MS = 1000;
/** A store that hangs holds up nobody who knows the keys. */
const PATIENCE_MS = 2000;
const KEY_BYTES = 32;

interface Keys {
  current: string;
  byId: Map<string, Buffer>;
}

export const newKey = (): string => randomBytes(KEY_BYTES).toString('base64');

export const newKid = (): string => `k${randomBytes(4).toString('hex')}`;
/** Whether a text is a key, as a ring keeps it. */
export const isKey = (text: string): boolean => Buffer.from(text, 'base64').length === KEY_BYTES;

/** Values as SecretPort keeps them: keys by id, 32 bytes in base64 each; `current` names the one that writes, `since` says since when (ISO 8601). */
const keysOf = ({ current, ...encoded }: SecretValues, path: string): Keys => {
  const keys = Object.entries(encoded).filter(([, text]) => isKey(text));
  const byId = new Map(keys.map(([kid, text]) => [kid, Buffer.from(text, 'base64')]));
  if (current === undefined || !byId.has(current)) {
    throw new Fault('unavailable', `the key ring at ${path} names no current key; restore it from its backup`);
  }
  return { current, byId };
};

const currentOf = ({ current, byId }: Keys) => ({ kid: current, key: byId.get(current) ?? Buffer.alloc(0) });

/** A ring that stays as it is. */
export const fixedRing = (values: SecretValues): KeyRing => {
  const keys = keysOf(values, 'this place');
  return { current: async () => currentOf(keys), find: async (kid) => keys.byId.get(kid) ?? null };
};

interface RingPlace {
  path: string;
  secretClass: SecretClass;
}

/** The deployment's ring at a path, made by the first process that needs it. Nothing is read before that. */
export function openRing(
  secrets: SecretPort,
  { path, secretClass }: RingPlace,
  now: () => number = () => performance.now(),
): KeyRing {
  let known: { keys: Keys; at: number } | undefined;
  let reading: Promise<Keys> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAway = false;

  const make = () => {
    const kid = newKid();
    return { current: kid, since: new Date().toISOString(), [kid]: newKey() };
  };
  const ask = async (): Promise<Keys> => {
    askedAt = now();
    try {
      const keys = keysOf(await madeOnce(secrets, { path, secretClass, make }), path);
      known = { keys, at: askedAt };
      isAway = false;
      return keys;
    } catch (error) {
      isAway = true;
      throw error;
    } finally {
      reading = undefined;
    }
  };
  const read = (): Promise<Keys> => (reading ??= ask());

  /** Whoever knows the keys waits a moment for newer ones, and not at all while the store is known to be away. */
  const newer = async (old: Keys): Promise<Keys> => {
    if (isAway && (reading !== undefined || now() - askedAt < AGAIN_MS)) return old;
    const asked = read().catch(() => old);
    if (isAway) return old;
    const late = pause(PATIENCE_MS, old, { ref: false }).then((keys) => {
      isAway = reading !== undefined;
      return keys;
    });
    return Promise.race([asked, late]);
  };
  const held = async (): Promise<Keys> => {
    const age = known === undefined ? Number.POSITIVE_INFINITY : now() - known.at;
    if (known === undefined || age >= AWAY_MS) return read();
    return age < FRESH_MS ? known.keys : newer(known.keys);
  };

  return {
    current: async () => currentOf(await held()),
    find: async (kid) => {
      const found = (await held()).byId.get(kid);
      if (found !== undefined) return found;
      // A read that began before this moment may have missed it.
      const since = now();
      while (known === undefined || known.at < since) {
        const waitMs = askedAt + AGAIN_MS - now();
        if (reading !== undefined) await reading;
        else if (waitMs > 0) await pause(waitMs);
        else await read();
      }
      return known.keys.byId.get(kid) ?? null;
    },
  };
}
