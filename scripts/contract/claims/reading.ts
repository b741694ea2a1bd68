import { manifests } from '../../../adapters/connectors/index.ts';
import { isFault } from '../../../ports/errors.ts';
import type { Claim } from '../claim.ts';
import { expect, same } from '../claim.ts';
import { collectionOf, idsOf, RECORDS, scan } from '../scan.ts';

const kept: Claim['applies'] = ({ of }) => (of.collection === undefined ? 'its rows are not kept ones' : null);
const ids = (rows: { externalId: string }[]) => rows.map(({ externalId }) => externalId);

export const readingClaims: Claim[] = [
  {
    id: 'lists',
    title: 'a list is read to its end, each record once',
    per: 'stream',
    applies: () => null,
    async check(subject) {
      if (subject.of.collection === undefined) {
        await scan(subject);
        return;
      }
      const { rows, pages } = await scan(subject);
      same(ids(rows), idsOf(subject), 'records');
      expect(rows.length === RECORDS, `${rows.length} rows of ${RECORDS} records`);
      const paging = manifests[subject.given.connector]?.streams[subject.stream.name]?.paging;
      const unpaged = paging?.kind === 'pages' && paging.next.kind === 'none';
      expect(pages > 1 || unpaged || !subject.stream.syncs, 'all came in one page: paging was not tried');
    },
  },
  {
    id: 'moving list',
    title: 'a scan misses nothing that was there all the time, while records come, change and go',
    per: 'stream',
    applies: (subject) => kept(subject) ?? (subject.stream.syncs ? null : 'it is not read whole'),
    async check(subject) {
      const collection = collectionOf(subject);
      const before = collection.ids();
      const [first = '', second = '', third = ''] = before;
      const { rows } = await scan(subject, {}, (page) => {
        collection.insert();
        if (page === 1) collection.touch(second);
        if (page === 1) collection.remove(first);
        if (page === 2) collection.touch(third);
      });
      const stayed = before.filter((id) => id !== first).map((id) => (subject.of.externalId ?? String)(id));
      const seen = new Set(ids(rows));
      same(
        stayed.filter((id) => seen.has(id)),
        stayed,
        'records that stayed',
      );
    },
  },
  {
    id: 'changes',
    title: 'an incremental read brings what changed since',
    per: 'stream',
    applies: (subject) => kept(subject) ?? (subject.stream.incremental === null ? 'it has no incremental read' : null),
    async check(subject) {
      const collection = collectionOf(subject);
      const [, second = ''] = collection.ids();
      const since = new Date().toISOString();
      const wanted = [collection.insert(), collection.insert()];
      if (subject.stream.incremental === 'changed') {
        collection.touch(second);
        wanted.push(second);
      }
      const seen = new Set(ids((await scan(subject, { since })).rows));
      const due = wanted.map((id) => (subject.of.externalId ?? String)(id));
      same(
        due.filter((id) => seen.has(id)),
        due,
        'changed records',
      );
    },
  },
  {
    id: 'one',
    title: 'one record is what the list says of it, and an unknown one is not found',
    per: 'stream',
    applies: (subject) => kept(subject),
    async check(subject) {
      const { ground, connected, stream } = subject;
      const [row] = (await scan(subject)).rows;
      expect(row !== undefined, 'the list is empty');
      const read = (id: string) =>
        connected.connectors.readOne(ground.tenantId, connected.connection.id, stream.name, id);
      const one = await read(row.externalId).catch((error: unknown) => {
        if (isFault(error, 'unsupported')) return null;
        throw error;
      });
      if (one === null) return;
      expect(JSON.stringify(one) === JSON.stringify(row), `the list and the record differ for ${row.externalId}`);
      const known = collectionOf(subject).ids();
      collectionOf(subject).remove(known[idsOf(subject).indexOf(row.externalId)] ?? '');
      const gone = await read(row.externalId).then(
        () => 'it was still found',
        (error: unknown) => (isFault(error, 'not_found') ? null : String(error)),
      );
      expect(gone === null, `a record that is gone: ${gone}`);
    },
  },
  {
    id: 'unreadable',
    title: 'a record that lacks a promised field is named, and the rest of its page is read',
    per: 'stream',
    applies: (subject) => kept(subject),
    async check(subject) {
      const collection = collectionOf(subject);
      const [, bad = ''] = collection.ids();
      const [, badId = ''] = idsOf(subject);
      collection.garble(bad);
      const { rows, unreadable } = await scan(subject);
      same(
        ids(rows),
        idsOf(subject).filter((id) => id !== badId),
        'the other records',
      );
      expect(unreadable.length === 1, `${unreadable.length} records are said to be unreadable, not one`);
      expect(
        unreadable[0]?.externalId === badId,
        `the unreadable one is not named, or wrongly: ${unreadable[0]?.externalId}`,
      );
    },
  },
  {
    id: 'filters',
    title: 'each declared filter is understood, and one that is not declared is refused',
    per: 'stream',
    applies: ({ stream }) => (stream.filters.length === 0 ? 'it has no filter' : null),
    async check(subject) {
      const { ground, connected, stream, of } = subject;
      const read = (filter: Record<string, string>) =>
        connected.connectors.read(ground.tenantId, connected.connection.id, stream.name, {
          limit: 3,
          filter: { ...of.filter, ...filter },
        });
      for (const { name, values } of stream.filters) {
        if (of.filter?.[name] === undefined) await read({ [name]: values?.[0] ?? of.probe?.[name] ?? '1' });
      }
      const refused = await read({ 'no such filter': 'x' }).then(
        () => null,
        (error: unknown) => error,
      );
      expect(isFault(refused, 'invalid_request'), 'a filter that nobody declared was taken without a word');
    },
  },
];
