/** One record of a vendor as it is kept here; how it looks outside is the vendor's own affair. */
export interface Kept<Body extends object = Record<string, unknown>> {
  id: string;
  body: Body;
  madeAt: number;
  changedAt: number;
  /** It is sent with a field missing that the vendor's documents promise. */
  broken: boolean;
}

/** What people do to the records of a system while nobody of ours looks. */
export interface CollectionControl {
  /** Those alive, the oldest first. */
  ids: () => string[];
  /** Starts over with so many; the clock says that they were made one second after another, the last one just now. */
  seed: (count: number) => void;
  /** As a person adds one by hand. */
  insert: () => string;
  /** As a person changes one: its time of change is now, and its first text differs. */
  touch: (id: string) => void;
  /** For good. Silent when gone. */
  remove: (id: string) => void;
  /** From now on this one lacks a field that the vendor's documents promise. */
  garble: (id: string, broken?: boolean) => void;
  /** Writes by API that took effect, also those whose answer was lost. */
  writes: () => { kind: 'create' | 'update' | 'delete'; id: string }[];
}

interface Rules<Body extends object> {
  now: () => number;
  count: number;
  /** The id of the record made as the so-manyth, from 0; ascending by their place, never used again. */
  spell: (place: number) => string;
  /** What the so-manyth holds, invented but alike on every run. */
  make: (place: number) => Body;
  /** What a person's change does. */
  edit: (body: Body) => Body;
  /** When the so-manyth of a seed was made and changed; absent: one second after another, the last one just now. */
  times?: (place: number) => { madeAt: number; changedAt: number };
}

export function createCollection<Body extends object>({ now, count, spell, make, edit, times }: Rules<Body>) {
  let kept = new Map<string, Kept<Body>>();
  let place = 0;
  let log: ReturnType<CollectionControl['writes']> = [];

  const add = (body: Body, at = now()): Kept<Body> => {
    const record = { id: spell(place), body, madeAt: at, changedAt: at, broken: false };
    place += 1;
    kept.set(record.id, record);
    return record;
  };
  const change = (record: Kept<Body>, body: Body): Kept<Body> => {
    record.body = body;
    record.changedAt = Math.max(now(), record.changedAt + 1);
    return record;
  };
  const seed = (wanted: number): void => {
    kept = new Map();
    place = 0;
    log = [];
    for (let at = now() - (wanted - 1) * 1000; place < wanted; at += 1000) {
      const said = times?.(place);
      const record = add(make(place), said?.madeAt ?? at);
      record.changedAt = said?.changedAt ?? at;
    }
  };
  seed(count);

  const control: CollectionControl = {
    ids: () => [...kept.keys()],
    seed,
    insert: () => add(make(place)).id,
    touch(id) {
      const record = kept.get(id);
      if (record) change(record, edit(record.body));
    },
    remove: (id) => void kept.delete(id),
    garble(id, broken = true) {
      const record = kept.get(id);
      if (record) record.broken = broken;
    },
    writes: () => [...log],
  };
  return {
    control,
    /** By time of making, the oldest first. */
    all: (): Kept<Body>[] => [...kept.values()],
    /** Those from the so-manyth made on, at most `limit`, and the place of the next one; null: there is none. */
    from(start: number, limit: number): { records: Kept<Body>[]; next: number | null } {
      const records: Kept<Body>[] = [];
      for (let at = start; at < place; at += 1) {
        const record = kept.get(spell(at));
        if (record && records.length === limit) return { records, next: at };
        if (record) records.push(record);
      }
      return { records, next: null };
    },
    /** By time of change, the oldest first; of one moment, the order of making. */
    byChange: (): Kept<Body>[] => [...kept.values()].sort((a, b) => a.changedAt - b.changedAt),
    get: (id: string): Kept<Body> | undefined => kept.get(id),
    /** These four are the API's own writes. */
    create(body: Body): Kept<Body> {
      const record = add(body);
      log.push({ kind: 'create', id: record.id });
      return record;
    },
    update(record: Kept<Body>, body: Body): Kept<Body> {
      log.push({ kind: 'update', id: record.id });
      return change(record, body);
    },
    /** The API's delete where the vendor keeps such a record in another state: archived, cancelled. */
    retire(record: Kept<Body>, body: Body): Kept<Body> {
      log.push({ kind: 'delete', id: record.id });
      return change(record, body);
    },
    remove(id: string): boolean {
      if (!kept.delete(id)) return false;
      log.push({ kind: 'delete', id });
      return true;
    },
  };
}

export type Collection<Body extends object = Record<string, unknown>> = ReturnType<typeof createCollection<Body>>;
