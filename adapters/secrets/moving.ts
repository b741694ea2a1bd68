import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretMovePort, SecretPort } from '../../ports/secrets.ts';
import { isMarker, realVersions } from './marker.ts';
import { createMove } from './move.ts';
import type { SecretStore } from './store.ts';

/**
 * Both stores as one, while secrets are moved from the first to the second. Each path is at home in one of them: in the old
 * one until the move's marker stands there, in the new one from then on, as is everything that the old one never had.
 */
export const movingSecrets = (
  source: SecretStore,
  target: SecretStore,
): { secrets: SecretPort; move: SecretMovePort } => {
  const homeOf = async (path: string): Promise<SecretStore> => {
    const newest = await source.read(path);
    if (newest) return isMarker(newest) ? target : source;
    // Deleted, its number stays taken there.
    return (await source.describe(path)) === null ? target : source;
  };

  /** Done again in the new store when the path was switched in this moment. */
  const atHome = async (path: string, act: (home: SecretStore) => Promise<void>): Promise<void> => {
    const home = await homeOf(path);
    await act(home);
    if (home === source && (await homeOf(path)) === target) await act(target);
  };

  const secrets: SecretPort = {
    async read(path) {
      const newest = await source.read(path);
      if (newest && !isMarker(newest)) return newest;
      return newest || (await source.describe(path)) === null ? target.read(path) : null;
    },
    describe: async (path) => (await homeOf(path)).describe(path),

    async put(path, expected, values, meta) {
      if ((await homeOf(path)) === target) return target.put(path, expected, values, meta);
      try {
        return await source.put(path, expected, values, meta);
      } catch (error) {
        // The marker may have been what was faster: what the writer brings is then the next version in the new store.
        if (!isFault(error, 'stale_version') || (await homeOf(path)) === source) throw error;
        return target.put(path, expected, values, meta);
      }
    },
    generate: (path, meta) => atHome(path, (home) => home.generate(path, meta)),

    delete: (path) => atHome(path, (home) => home.delete(path)),
    // The old store first: a copy that is made meanwhile is looked at again before the marker is set.
    async destroyVersions(path, versions) {
      const info = await source.describe(path);
      const old = info ? realVersions(info).map(({ version }) => version) : [];
      await source.destroyVersions(
        path,
        versions.filter((version) => old.includes(version)),
      );
      await target.destroyVersions(path, versions);
    },
    async destroy(path) {
      await source.destroy(path);
      await target.destroy(path);
    },
    async destroyAll(prefix) {
      await source.destroyAll(prefix);
      await target.destroyAll(prefix);
    },

    async list(prefix) {
      const [old, now] = await Promise.all([source.list(prefix), target.list(prefix)]);
      return [...new Set([...old, ...now])].sort();
    },
    async health() {
      await source.health();
      await target.health();
    },
  };
  return { secrets, move: createMove(source, target) };
};

/** The old store alone, once some of it may have been moved: what is elsewhere is no empty secret. */
export const stillHere = (source: SecretStore): SecretPort => {
  const read: SecretPort['read'] = async (path) => {
    const newest = await source.read(path);
    if (newest === null || !isMarker(newest)) return newest;
    throw new Fault(
      'unavailable',
      'This secret was moved to Vault; start with SECRETS_STORE=moving, or with SECRETS_STORE=vault when all are moved.',
    );
  };
  return {
    ...source,
    read,
    async health() {
      await source.health();
      // One of the platform's own stands for all.
      const [own] = await source.list('platform/');
      if (own !== undefined) await read(own);
    },
  };
};

const refuse = (): Promise<never> =>
  Promise.reject(
    new Fault(
      'unsupported',
      'This deployment has one secret store open, so there is nothing to move; start every process with SECRETS_STORE=moving and the variables of Vault, then ask again.',
    ),
  );

/** Of a deployment with one store. */
export const noMove: SecretMovePort = { survey: refuse, move: refuse, compare: refuse, erase: refuse };
