import { z } from 'zod';
import { Fault } from '../../../ports/errors.ts';
import type { VaultAnswer } from './answer.ts';
import type { VaultClient } from './client.ts';

const SEGMENT = /^[\w.~@:=+-]+$/;

const Held = z.object({ data: z.object({ data: z.unknown(), metadata: z.object({ version: z.number().int() }) }) });
const Written = z.object({ data: z.object({ version: z.number().int() }) });
const Listed = z.object({ data: z.object({ keys: z.array(z.string()) }) });
const Metadata = z.object({
  data: z.object({
    current_version: z.number().int(),
    versions: z.record(z.string(), z.object({ deletion_time: z.string(), destroyed: z.boolean() })),
  }),
});

export interface KvVersion {
  version: number;
  state: 'held' | 'deleted' | 'destroyed';
}

/** Version 2 of Vault's key-value store, at one mount. */
export interface Kv {
  /** The newest version, or the one asked for; null when it is deleted, destroyed or was never there. */
  read: (path: string, version?: number) => Promise<{ version: number; data: unknown } | null>;
  /** The new version; null when `cas` is not the newest. */
  write: (path: string, cas: number, data: object) => Promise<number | null>;
  /** The newest first; null when there is no such path. */
  versions: (path: string) => Promise<KvVersion[] | null>;
  hide: (path: string, version: number) => Promise<void>;
  destroyVersions: (path: string, versions: number[]) => Promise<void>;
  destroy: (path: string) => Promise<void>;
  /** Names under a folder ('' or ending with “/”); those of folders end with “/”. */
  names: (folder: string) => Promise<string[]>;
  health: () => Promise<void>;
}

const foreign = () =>
  new Fault(
    'unavailable',
    'Vault answers in a form that this version does not know; check that VAULT_MOUNT is KV version 2.',
  );

const parse = <Shape extends z.ZodType>(shape: Shape, answer: VaultAnswer): z.output<Shape> => {
  const parsed = shape.safeParse(answer);
  if (!parsed.success) throw foreign();
  return parsed.data;
};

/** Nothing there: Vault says 404 without a word. With words, it is the mount that is not there. */
const isNothing = ({ status, errors }: VaultAnswer) => status === 404 && errors.length === 0;
const isConflict = ({ status, errors }: VaultAnswer) =>
  status === 400 && errors.some((error) => error.includes('check-and-set'));

/** What holds no “..”, no empty part and nothing that a proxy or Vault would read in another way. */
const checked = (path: string): string => {
  const parts = path.split('/');
  if (parts.every((part) => SEGMENT.test(part) && part !== '.' && part !== '..') && path.length <= 400) return path;
  throw new Fault(
    'invalid_request',
    'A secret path in Vault has parts of letters, digits and - _ . ~ @ : = +, with “/” between.',
  );
};

export const createKv = ({ request }: VaultClient, mount: string): Kv => {
  const at = (part: string, path: string) => `${mount}/${part}/${checked(path)}`;
  const parseTime = (text: string) => (text === '' ? Number.POSITIVE_INFINITY : Date.parse(text));

  return {
    async read(path, version) {
      const query = version === undefined ? '' : `?version=${version}`;
      // Of a deleted version there is the metadata still, and 404 too.
      const answer = await request('GET', at('data', path) + query, undefined, { accept: isNothing });
      if (answer.status === 404) return null;
      const { data } = parse(Held, answer);
      return { version: data.metadata.version, data: data.data };
    },

    async write(path, cas, data) {
      const answer = await request('POST', at('data', path), { options: { cas }, data }, { accept: isConflict });
      return isConflict(answer) ? null : parse(Written, answer).data.version;
    },

    async versions(path) {
      const answer = await request('GET', at('metadata', path), undefined, { accept: isNothing });
      if (isNothing(answer)) return null;
      const { data } = parse(Metadata, answer);
      return Object.entries(data.versions)
        .map(([version, { deletion_time: until, destroyed }]): KvVersion => {
          const deleted = parseTime(until) <= Date.now();
          return { version: Number(version), state: destroyed ? 'destroyed' : deleted ? 'deleted' : 'held' };
        })
        .sort((one, other) => other.version - one.version);
    },

    hide: async (path, version) => void (await request('POST', at('delete', path), { versions: [version] })),
    destroyVersions: async (path, versions) =>
      void (await request('POST', at('destroy', path), { versions }, { accept: isNothing })),
    destroy: async (path) => void (await request('DELETE', at('metadata', path))),

    async names(folder) {
      const inside = folder === '' ? '' : `${checked(folder.slice(0, -1))}/`;
      const answer = await request('LIST', `${mount}/metadata/${inside}`, undefined, { accept: isNothing });
      return isNothing(answer) ? [] : parse(Listed, answer).data.keys;
    },

    async health() {
      const answer = await request('GET', `sys/internal/ui/mounts/${mount}`);
      const options = answer.data?.['options'];
      if (typeof options === 'object' && options !== null && 'version' in options && options.version === '2') return;
      throw new Fault(
        'unavailable',
        `What is mounted at ${mount} in Vault is no key-value store of version 2; check VAULT_MOUNT.`,
      );
    },
  };
};
