import { randomBytes } from 'node:crypto';
import { Fault, isFault } from '../../../ports/errors.ts';
import type { SecretVersion, SecretVersionInfo } from '../../../ports/secrets.ts';
import type { Kept } from '../kept.ts';
import { keptAs, readKept } from '../kept.ts';
import type { SecretStore } from '../store.ts';
import type { VaultClient } from './client.ts';
import { createKv } from './kv.ts';

const AT_ONCE = 8;

const stale = () => new Fault('stale_version', 'Another writer was faster; read the secret again.');

/** Each of them, at most eight at once. */
const each = async <Item, Result>(items: Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> => {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
};

/**
 * Secrets in Vault: one path there for each of ours, `{values, meta}` in each version. Nothing is kept here between two
 * calls, and when Vault does not answer, or says no, so do we.
 */
export const vaultSecrets = (vault: VaultClient, mount: string): SecretStore => {
  const kv = createKv(vault, mount);
  const keptOf = (data: unknown): Kept => readKept(JSON.stringify(data));

  const read = async (path: string, version?: number): Promise<SecretVersion | null> => {
    const found = await kv.read(path, version);
    return found && { version: found.version, ...keptOf(found.data) };
  };

  /** A write whose answer was lost is sent again, and then conflicts with itself: its mark tells it from another's. */
  const write = async (path: string, expected: number, { values, meta }: Kept): Promise<number> => {
    const mark = randomBytes(12).toString('base64url');
    const written = await kv.write(path, expected, { values, meta, mark });
    if (written !== null) return written;
    const found = await kv.read(path, expected + 1);
    if ((found?.data as { mark?: unknown } | undefined)?.mark === mark) return expected + 1;
    throw stale();
  };

  const list = async (prefix: string): Promise<string[]> => {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const under = async (at: string): Promise<string[]> => {
      const paths = (await kv.names(at)).map((name) => at + name).filter((path) => path.startsWith(prefix));
      return (await each(paths, async (path) => (path.endsWith('/') ? under(path) : [path]))).flat();
    };
    return (await under(folder)).sort();
  };

  return {
    read: (path) => read(path),
    readVersion: read,

    put: (path, expected, values, meta) => write(path, expected, keptAs(values, meta)),
    restore: (path, expected, values, meta) => write(path, expected, { values, meta }),

    async generate(path, meta) {
      const [newest] = (await kv.versions(path)) ?? [];
      if (newest?.state === 'held') return;
      const made = keptAs({ key: randomBytes(32).toString('base64url') }, meta);
      await write(path, newest?.version ?? 0, made).catch((error: unknown) => {
        // Made by another caller in this moment: the promise is kept.
        if (!isFault(error, 'stale_version')) throw error;
      });
    },

    async describe(path) {
      const versions = await kv.versions(path);
      if (versions === null || versions.length === 0) return null;
      return {
        path,
        versions: await each(versions, async ({ version, state }): Promise<SecretVersionInfo> => {
          const found = state === 'held' ? await kv.read(path, version) : null;
          if (found) return { version, state: 'held', meta: keptOf(found.data).meta };
          return { version, state: state === 'held' ? 'destroyed' : state, meta: null };
        }),
      };
    },

    async delete(path) {
      // By its number: the newest of another moment is somebody else's.
      const [newest] = (await kv.versions(path)) ?? [];
      if (newest?.state === 'held') await kv.hide(path, newest.version);
    },

    destroyVersions: async (path, versions) => {
      if (versions.length > 0) await kv.destroyVersions(path, versions);
    },
    destroy: (path) => kv.destroy(path),
    async destroyAll(prefix) {
      if (!prefix.endsWith('/'))
        throw new Fault('invalid_request', 'A prefix ends with “/”, or it hits its neighbours.');
      await each(await list(prefix), (path) => kv.destroy(path));
    },

    list,
    health: () => kv.health(),
  };
};
