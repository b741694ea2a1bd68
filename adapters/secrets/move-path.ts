import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretInfo } from '../../ports/secrets.ts';
import { digestOf, isMoved, MARKER, realVersions } from './marker.ts';
import type { SecretStore } from './store.ts';

/** A path that is written this often while it is copied is left to a person. */
const TRIES_MAX = 20;

/** `number`: one of ours that stands for a version that is held no more, and was not destroyed yet. */
type States = Map<number, 'held' | 'deleted' | 'destroyed' | 'number'>;
const statesOf = (versions: SecretInfo['versions'] = []): States =>
  new Map(versions.map(({ version, state, meta }) => [version, meta?.class === MARKER.class ? 'number' : state]));
const newestOf = (states: States): number => Math.max(0, ...states.keys());

const standsThere = (path: string) =>
  new Fault(
    'conflict',
    `The new store has something else at ${path} already, so it was not moved; destroy it there, or take this deployment's own mount, and begin again.`,
  );
const neverQuiet = (path: string) =>
  new Fault('unavailable', `${path} is written all the time and was not moved; begin again when fewer write to it.`);

/** How one path goes over: copied under the same numbers, read back, compared by hash, and only then switched. */
export const createPathMove = (source: SecretStore, target: SecretStore) => {
  const inSource = async (path: string): Promise<States> => {
    const info = await source.describe(path);
    return statesOf(info ? realVersions(info) : []);
  };
  const inTarget = async (path: string): Promise<States> => statesOf((await target.describe(path))?.versions);

  const same = async (path: string, version: number): Promise<boolean> => {
    const [old, copy] = await Promise.all([source.readVersion(path, version), target.readVersion(path, version)]);
    return old !== null && copy !== null && digestOf(old) === digestOf(copy);
  };

  /** Numbers that are held no more are taken over all the same: what refers to a version finds no other one there. */
  const takeNumber = async (path: string, version: number): Promise<void> => {
    await target.restore(path, version - 1, {}, { ...MARKER, createdAt: new Date().toISOString() });
    await target.destroyVersions(path, [version]);
  };

  /** Nothing is written over what is not ours: each version that stands there is one that we copied, or the path is refused. */
  const checkOurs = async (path: string, old: States, there: States, ours: Set<number>): Promise<boolean> => {
    if (newestOf(there) > newestOf(old)) throw standsThere(path);
    for (const [version, state] of there) {
      if (old.get(version) !== 'held' || ours.has(version)) continue;
      if (state !== 'held' || !(await same(path, version))) {
        // Destroyed in the old store since it was looked at.
        if ((await source.readVersion(path, version)) === null) return false;
        throw standsThere(path);
      }
      ours.add(version);
    }
    const unknown = [...there].some(
      ([version, state]) => (state === 'held' || state === 'deleted') && !ours.has(version),
    );
    if (unknown && ours.size === 0) throw standsThere(path);
    return true;
  };

  const copy = async (path: string, old: States, there: States): Promise<void> => {
    const lapsed = [...there].filter(([version, state]) => state !== 'destroyed' && old.get(version) !== 'held');
    if (lapsed.length > 0) {
      await target.destroyVersions(
        path,
        lapsed.map(([version]) => version),
      );
    }
    for (let version = newestOf(there) + 1; version <= newestOf(old); version += 1) {
      const kept = old.get(version) === 'held' ? await source.readVersion(path, version) : null;
      if (kept) await target.restore(path, version - 1, kept.values, kept.meta);
      else await takeNumber(path, version);
    }
  };

  /** False: something was written, deleted or destroyed in the old store since it was copied. */
  const holds = async (path: string, newest: number, ours: Set<number>): Promise<boolean> => {
    const [old, there] = [await inSource(path), await inTarget(path)];
    if (newestOf(old) !== newest || newestOf(there) !== newest) return false;
    if (!(await checkOurs(path, old, there, ours))) return false;
    return [...there].every(([version, state]) => (state === 'held') === (old.get(version) === 'held'));
  };

  /** `ours`: versions read back and found the same; they never change. `gone`: destroyed meanwhile, so that no copy must outlive it. */
  const once = async (path: string, ours: Set<number>): Promise<'moved' | 'already' | 'gone' | 'again'> => {
    const info = await source.describe(path);
    if (info === null) return 'gone';
    if (isMoved(info)) return 'already';
    const [old, there] = [statesOf(realVersions(info)), await inTarget(path)];
    if (!(await checkOurs(path, old, there, ours))) return 'again';
    await copy(path, old, there);
    if (!(await holds(path, newestOf(old), ours))) return 'again';
    await source.put(path, newestOf(old), {}, MARKER);
    return 'moved';
  };

  return {
    move: async (path: string): Promise<'moved' | 'already' | 'gone'> => {
      const ours = new Set<number>();
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const outcome = await once(path, ours).catch((error: unknown) => {
          // A write to the path, or another attempt at this very move, was faster.
          if (isFault(error, 'stale_version')) return 'again' as const;
          throw error;
        });
        if (outcome === 'gone' && tries > 0) await target.destroy(path);
        if (outcome !== 'again') return outcome;
      }
      throw neverQuiet(path);
    },

    /** What stands in both is the same. What was deleted in the new store since, or is older than it keeps, is no difference. */
    compare: async (path: string): Promise<boolean> => {
      const [old, there] = [await inSource(path), await inTarget(path)];
      if (newestOf(there) < newestOf(old)) return false;
      const stands = (states: States, version: number) => states.has(version) && states.get(version) !== 'deleted';
      for (const [version, state] of old) {
        if (state !== 'held' || !stands(there, version)) continue;
        if (there.get(version) === 'held' && (await same(path, version))) continue;
        // It may have gone since it was looked at: a store that keeps so many versions lets the oldest go at each write.
        if (stands(await inTarget(path), version)) return false;
      }
      return true;
    },
  };
};
