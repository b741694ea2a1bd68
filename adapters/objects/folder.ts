import { mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Fault } from '../../ports/errors.ts';
import type { ObjectStorePort } from '../../ports/knowledge.ts';
import { fileFault, hasCode, replaceFile } from './files.ts';

// No empty name, none with a leading dot (`..`, temporary files), no separator of any system, no control character.
const NAME = /^[^./\\\p{Cc}][^/\\\p{Cc}]{0,199}$/u;

const namesOf = (path: string): string[] => {
  const names = path.split('/');
  if (!path.isWellFormed() || !names.every((name) => NAME.test(name))) {
    throw new Fault('invalid_request', 'An object key is names parted by “/”, none empty or beginning with a dot.');
  }
  return names;
};

/** Objects as files under `<dir>/sinks/{tenant}/`: the development stand-in for the tenant's own store. */
export const folderObjects = (dir: string): ObjectStorePort => {
  const root = (tenantId: string) => join(dir, 'sinks', ...namesOf(tenantId));
  const fileOf = (tenantId: string, key: string) => join(root(tenantId), ...namesOf(key));

  return {
    async put(tenantId, key, body) {
      const file = fileOf(tenantId, key);
      try {
        await mkdir(dirname(file), { recursive: true });
        await replaceFile(file, body);
      } catch (error) {
        throw fileFault(error, 'The object');
      }
    },

    async list(tenantId, prefix) {
      const top = root(tenantId);
      try {
        const entries = await readdir(top, { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile() && NAME.test(entry.name))
          .map((entry) => relative(top, join(entry.parentPath, entry.name)).split(sep).join('/'))
          .filter((key) => key.startsWith(prefix))
          .sort();
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return [];
        throw fileFault(error, 'The object');
      }
    },

    async get(tenantId, key) {
      const file = fileOf(tenantId, key);
      try {
        return await readFile(file, 'utf8');
      } catch (error) {
        if (hasCode(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) throw new Fault('not_found', `There is no object ${key}.`);
        throw fileFault(error, 'The object');
      }
    },
  };
};
