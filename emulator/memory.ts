import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the outside world still knows after a restart: a real vendor forgets no grant when we stop. */
export interface Memory {
  /** The rows kept under this name, as they were last kept; none when nothing is readable. */
  recall: (name: string) => [key: string, value: unknown][];
  /** Adds or replaces one row; null takes it away. */
  keep: (name: string, key: string, value: unknown) => void;
  /** Everything under every name. */
  forget: () => void;
}

/** In a folder, one file a name; without a folder nothing is kept. */
export function createMemory(folder?: string): Memory {
  if (folder === undefined) return { recall: () => [], keep: () => undefined, forget: () => undefined };
  const files = join(folder, 'kept');
  const file = (name: string) => join(files, `${name}.jsonl`);
  mkdirSync(files, { recursive: true });
  return {
    recall(name) {
      const lines = linesOf(file(name));
      const rows = [...new Map(lines.flatMap(parsed))].filter(([, value]) => value !== null);
      if (lines.length > rows.length) {
        // Whole or not at all: a kill in between leaves the former file.
        writeFileSync(`${file(name)}.new`, rows.map(lineOf).join(''));
        renameSync(`${file(name)}.new`, file(name));
      }
      return rows;
    },
    keep: (name, key, value) => appendFileSync(file(name), lineOf([key, value])),
    forget() {
      rmSync(files, { recursive: true, force: true });
      mkdirSync(files, { recursive: true });
    },
  };
}

const lineOf = (row: [key: string, value: unknown]): string => `${JSON.stringify(row)}\n`;

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** A kill while a line was being written leaves half of one; what it was to say is lost, and nothing else. */
function parsed(line: string): [string, unknown][] {
  try {
    return [JSON.parse(line) as [string, unknown]];
  } catch {
    return [];
  }
}
