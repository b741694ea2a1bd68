import { createCollection, type Kept } from '../../records/collection.ts';
import type { Kind } from './kinds.ts';
import { times } from './people.ts';

/** Every value is a string, as the vendor gives them; dates are made from the record's own. */
export type Values = Record<string, string>;
export type CrmRecord = Kept<Values>;

const COUNT = 25;

/** The objects of one kind in one account, ids ascending; what is archived stays in the recycle bin. */
export function createStore(kind: Kind, { seed, now }: { seed: number; now: () => number }) {
  const firstText = kind.writable[0] ?? '';
  const collection = createCollection<Values>({
    now,
    count: COUNT,
    spell: (place) => String(kind.firstId + place),
    make: (place) => kind.make(seed, place),
    edit: (values) => ({ ...values, [firstText]: `${values[firstText] ?? ''} again` }),
    times,
  });
  const bin = new Map<string, CrmRecord>();
  return {
    kind,
    ...collection,
    control: {
      ...collection.control,
      seed(count: number) {
        bin.clear();
        collection.control.seed(count);
      },
    },
    bin,
    archive(id: string): void {
      const record = collection.get(id);
      if (record && collection.remove(id)) bin.set(id, { ...record, changedAt: now() });
    },
    /** Who holds this value of the property that no two may share. */
    holder(value: string | undefined): CrmRecord | undefined {
      const { unique } = kind;
      if (!unique || !value) return undefined;
      return collection.all().find(({ body }) => body[unique]?.toLowerCase() === value.toLowerCase());
    },
  };
}

export type Store = ReturnType<typeof createStore>;
