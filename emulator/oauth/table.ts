import type { Memory } from '../memory.ts';

/** A map whose every change is remembered. Rows are replaced, never changed in place. */
export interface Table<Row> {
  get: (key: string) => Row | undefined;
  set: (key: string, row: Row) => void;
  remove: (key: string) => void;
  rows: () => [key: string, row: Row][];
}

export function createTable<Row>(memory: Memory, name: string): Table<Row> {
  const rows = new Map(memory.recall(name) as [string, Row][]);
  return {
    get: (key) => rows.get(key),
    set(key, row) {
      rows.set(key, row);
      memory.keep(name, key, row);
    },
    remove(key) {
      rows.delete(key);
      memory.keep(name, key, null);
    },
    rows: () => [...rows],
  };
}
