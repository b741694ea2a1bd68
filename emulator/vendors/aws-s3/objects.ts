import { createCollection, type Kept } from '../../records/collection.ts';

export interface Stored extends Record<string, unknown> {
  bucket: string;
  key: string;
  bytes: Buffer;
  contentType: string;
}

/** The objects of all buckets, each known by its bucket and key. */
export function createStored(now: () => number) {
  let named: string | undefined;
  const collection = createCollection<Stored>({
    now,
    count: 6,
    spell: (place) => {
      const id = named ?? idOf(made(place));
      named = undefined;
      return id;
    },
    make: made,
    edit: (body) => ({ ...body, bytes: Buffer.concat([body.bytes, Buffer.from('\nedited')]) }),
  });
  const find = (bucket: string, key: string) => collection.get(idOf({ bucket, key }));
  return {
    control: collection.control,
    find,
    put(body: Stored): void {
      const known = find(body.bucket, body.key);
      if (known) return void collection.update(known, body);
      named = idOf(body);
      collection.create(body);
    },
    remove: (bucket: string, key: string): boolean => collection.remove(idOf({ bucket, key })),
    /** Those of a bucket in the order of their keys, byte by byte. */
    of: (bucket: string): Kept<Stored>[] =>
      collection
        .all()
        .filter(({ body }) => body.bucket === bucket)
        .sort((a, b) => Buffer.compare(Buffer.from(a.body.key), Buffer.from(b.body.key))),
  };
}

export type StoredObjects = ReturnType<typeof createStored>;

const idOf = ({ bucket, key }: { bucket: string; key: string }): string => `${bucket}/${key}`;

/** Keys that a careless client spells wrongly are among them. */
const made = (place: number): Stored => ({
  bucket: `acme-reports-000${place % 2 === 0 ? 0 : 2}`,
  key: `reports/2026/11/sales ${place}${['', '+tax', ' & Übersicht (1)', '~%20'][place % 4]}.csv`,
  bytes: Buffer.from(`day;sales\n${place};${place * 7}\n`),
  contentType: 'text/csv',
});
