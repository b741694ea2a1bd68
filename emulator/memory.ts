import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the outside world still knows after a restart: a real vendor forgets no grant when we stop. */
export interface Memory {
  /** Undefined when nothing, or nothing readable, was kept under this name. */
  recall: (name: string) => unknown;
  keep: (name: string, value: unknown) => void;
}

/** In a folder, one file a name; without a folder nothing is kept. */
export function createMemory(folder?: string): Memory {
  if (folder === undefined) return { recall: () => undefined, keep: () => undefined };
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, `${name}.json`);
  return {
    recall(name) {
      try {
        return JSON.parse(readFileSync(file(name), 'utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
    keep(name, value) {
      // Whole or not at all: a kill in between leaves the former file.
      writeFileSync(`${file(name)}.new`, JSON.stringify(value));
      renameSync(`${file(name)}.new`, file(name));
    },
  };
}
