import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Fault } from '../../ports/errors.ts';
import type { ObjectStorePort } from '../../ports/knowledge.ts';
import { fileFault, hasCode, replaceFile } from './files.ts';
import { isName, namesOf, noObject } from './keys.ts';

/** Objects as files under `<dir>/sinks/{tenant}/`: where a tenant has no store of its own. */
export const folderObjects = (dir: string): ObjectStorePort => {
  const root = (tenantId: string) => join(dir, 'sinks', ...namesOf(tenantId));
  const fileOf = (tenantId: string, key: string) => join(root(tenantId), ...namesOf(key));

  /** What a failure means, whatever was asked of the file. */
  const onFile = async <Result>(key: string, file: string, act: (file: string) => Promise<Result>): Promise<Result> => {
    try {
      return await act(file);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) throw noObject(key);
      throw fileFault(error, 'The object');
    }
  };

  const kept = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      // A key below an object, or one that has objects below it: a folder cannot be both.
      if (hasCode(error, 'EEXIST', 'ENOTDIR', 'EISDIR'))
        throw new Fault('conflict', 'An object key may not continue another one’s.', { cause: error });
      throw fileFault(error, 'The object');
    }
  };
  const placeFor = (file: string) => mkdir(dirname(file), { recursive: true });

  return {
    async put(tenantId, key, body) {
      const file = fileOf(tenantId, key);
      await kept(() =>
        // Many objects share a folder, so only the first of them pays for it.
        replaceFile(file, body).catch(async (error: unknown) => {
          if (!hasCode(error, 'ENOENT')) throw error;
          await placeFor(file);
          await replaceFile(file, body);
        }),
      );
    },

    async putStream(tenantId, key, body) {
      let bytes = 0;
      const counted = async function* () {
        for await (const chunk of body) {
          bytes += chunk.length;
          yield chunk;
        }
      };
      const file = fileOf(tenantId, key);
      await kept(async () => {
        await placeFor(file);
        await replaceFile(file, counted());
      });
      return bytes;
    },

    async list(tenantId, prefix) {
      const top = root(tenantId);
      try {
        const entries = await readdir(top, { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile() && isName(entry.name))
          .map((entry) => relative(top, join(entry.parentPath, entry.name)).split(sep).join('/'))
          .filter((key) => key.startsWith(prefix))
          .sort();
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return [];
        throw fileFault(error, 'The object');
      }
    },

    get: async (tenantId, key) => onFile(key, fileOf(tenantId, key), (file) => readFile(file, 'utf8')),

    getStream: async (tenantId, key) =>
      onFile(key, fileOf(tenantId, key), async (file) => {
        const handle = await open(file, 'r');
        // A folder opens as well; its first read would be too late to say so.
        if ((await handle.stat()).isFile()) return handle.createReadStream();
        await handle.close();
        throw noObject(key);
      }),

    async remove(tenantId, key) {
      const file = fileOf(tenantId, key);
      try {
        await rm(file, { force: true });
      } catch (error) {
        if (!hasCode(error, 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR')) throw fileFault(error, 'The object');
      }
    },
  };
};
