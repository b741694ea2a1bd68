import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, hasCode } from '../objects/files.ts';
import { nameOfPath, pathOfName } from './path-names.ts';

export interface VersionState {
  version: number;
  state: 'held' | 'deleted' | 'destroyed';
}

/** `7` is a version, `7-deleted` and `7-destroyed` say what became of it: its number stays taken. */
const FILE = /^([1-9]\d*)(?:-(deleted|destroyed))?$/;
/** What the environment gives for this path counts no more. */
const FORGOTTEN = 'forgotten';
const RANK = { held: 0, deleted: 1, destroyed: 2 };

const names = async (at: string): Promise<string[]> =>
  readdir(at).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });

/** Of many writers one wins; the others find it done. */
const unlessThere = async (making: Promise<void>): Promise<void> =>
  making.catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });

/** The files of all versions under `root`, a folder a path. `isGiven` paths have a version 1 that lies in no file. */
export const versionFiles = (root: string, isGiven: (path: string) => boolean) => {
  const folder = (path: string) => join(root, nameOfPath(path));
  const file = (path: string, name: string | number) => join(folder(path), String(name));
  const remove = (what: string) => rm(what, { recursive: true, force: true, maxRetries: 3 });

  /** The newest first. */
  const states = async (path: string): Promise<VersionState[]> => {
    const found = await names(folder(path));
    const byVersion = new Map<number, VersionState['state']>();
    if (isGiven(path) && !found.includes(FORGOTTEN)) byVersion.set(1, 'held');
    for (const name of found) {
      const [, number, mark] = FILE.exec(name) ?? [];
      if (number === undefined) continue;
      const state = mark === 'deleted' || mark === 'destroyed' ? mark : 'held';
      const known = byVersion.get(Number(number));
      if (known === undefined || RANK[known] < RANK[state]) byVersion.set(Number(number), state);
    }
    return [...byVersion].map(([version, state]) => ({ version, state })).sort((a, b) => b.version - a.version);
  };

  const mark = async (path: string, name: string) => {
    await mkdir(folder(path), { recursive: true, mode: 0o700 });
    await unlessThere(createFile(file(path, name), ''));
  };

  return {
    states,
    read: (path: string, version: number) => readFile(file(path, version)),

    /** Throws EEXIST when another writer was faster, ENOENT when the path was destroyed in this moment. */
    create: async (path: string, version: number, body: Uint8Array) => {
      await mkdir(folder(path), { recursive: true, mode: 0o700 });
      await createFile(file(path, version), body);
    },

    /** Removing the mark brings the version back. */
    markDeleted: (path: string, version: number) => mark(path, `${version}-deleted`),

    /** The mark comes first: a crash in between leaves a version that nobody reads. */
    destroyVersion: async (path: string, version: number) => {
      await mark(path, `${version}-destroyed`);
      await remove(file(path, version));
    },

    destroy: async (path: string) => {
      if (!isGiven(path)) return remove(folder(path));
      await mark(path, FORGOTTEN);
      for (const name of await names(folder(path))) if (name !== FORGOTTEN) await remove(file(path, name));
    },

    /** Every path with a version, in order. */
    list: async (prefix: string, given: string[]): Promise<string[]> => {
      const kept = (await names(root)).map(pathOfName).filter((path): path is string => path !== null);
      const paths = [...new Set([...kept, ...given])].filter((path) => path.startsWith(prefix)).sort();
      const known = await Promise.all(paths.map(async (path) => (await states(path)).length > 0));
      return paths.filter((_, index) => known[index]);
    },
  };
};
