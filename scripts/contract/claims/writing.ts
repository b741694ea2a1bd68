import { randomUUID } from 'node:crypto';
import type { WriteKind } from '../../../ports/connector-info.ts';
import { isFault } from '../../../ports/errors.ts';
import type { Claim, Subject } from '../claim.ts';
import { expect } from '../claim.ts';
import { collectionOf, scan } from '../scan.ts';
import { write } from '../write.ts';

const target = (subject: Subject): string => {
  const [, id = ''] = collectionOf(subject).ids();
  return (subject.of.externalId ?? String)(id);
};
const kinds = ({ stream }: Pick<Subject, 'stream'>): WriteKind[] => stream.writes.map(({ kind }) => kind);
const writes: Claim['applies'] = ({ stream, of }) =>
  stream.writes.length === 0
    ? 'nothing is written there'
    : of.collection === undefined
      ? 'its rows are not kept ones'
      : null;

export const writingClaims: Claim[] = [
  {
    id: 'writes',
    title: 'each declared write is done once, and its receipt names the record',
    per: 'stream',
    applies: writes,
    async check(subject) {
      const collection = collectionOf(subject);
      const { of } = subject;
      for (const kind of kinds(subject)) {
        expect(kind === 'delete' || of[kind] !== undefined, `its case gives no input to ${kind} with`);
        const id = kind === 'create' ? '' : target(subject);
        const receipt = await write(subject, kind, randomUUID(), id);
        const done = collection.writes().at(-1);
        expect(done?.kind === kind, `${kind}: the vendor saw ${done?.kind ?? 'nothing'}`);
        const named = (of.externalId ?? String)(done.id);
        expect(receipt.externalId === named, `${kind}: the receipt names ${receipt.externalId}, the vendor ${named}`);
        if (kind === 'delete' && !of.keepsDeleted) {
          await write(subject, kind, randomUUID(), id);
        }
      }
    },
  },
  {
    id: 'lost answers',
    title: 'a write whose answer was lost is made at most once, as its safety says',
    per: 'stream',
    applies: writes,
    async check(subject) {
      const { ground, given, stream } = subject;
      const collection = collectionOf(subject);
      for (const { kind, safety } of stream.writes) {
        const before = collection.writes().length;
        const key = randomUUID();
        const id = kind === 'create' ? '' : target(subject);
        const path = `/${given.vendor}${given.faultsAt ?? ''}`;
        // Whatever writes: the method is the vendor's own affair, a GET is none.
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          ground.emulator.control.faults.add({ match: { path, method }, kind: 'drop-after' });
        }
        const first = await write(subject, kind, key, id).catch((error: unknown) => error);
        ground.emulator.control.faults.clear();
        expect(first instanceof Error, `${kind}: a lost answer went unnoticed`);
        const again = await write(subject, kind, key, id).catch((error: unknown) => error);
        const made = collection
          .writes()
          .slice(before)
          .filter((one) => one.kind === kind);
        const records = new Set(made.map((one) => one.id)).size;
        if (kind === 'create' || safety === 'unsafe') {
          expect(records === 1 && made.length === 1, `${kind} (${safety}): ${made.length} were made`);
        }
        if (safety === 'unsafe') {
          expect(
            isFault(again, 'outcome_unknown'),
            `${kind}: nobody is told that its end is not known: ${String(again)}`,
          );
        } else {
          expect(!(again instanceof Error), `${kind} (${safety}): the second try ended with ${String(again)}`);
        }
      }
    },
  },
  {
    id: 'bad input',
    title: 'what cannot be written is refused with the field, before the vendor is asked',
    per: 'stream',
    applies: (subject) =>
      subject.stream.writes.some(({ kind }) => kind === 'create') ? writes(subject) : 'nothing is made there',
    async check(subject) {
      const { connected, given, stream } = subject;
      const input = { ...subject.of.create, 'no such field': 1 };
      try {
        connected.connectors.checkWrite(given.connector, stream.name, { kind: 'create', input });
      } catch (error) {
        const named = isFault(error, 'invalid_request') ? error.fields.map(({ path }) => path) : [];
        expect(named.includes('no such field'), `the field is not named: ${String(error)} (${named.join(', ')})`);
        return;
      }
      expect(false, 'a field that nobody declared was taken without a word');
    },
  },
  {
    id: 'read back',
    title: 'what was made is found by reading',
    per: 'stream',
    applies: (subject) =>
      subject.stream.writes.some(({ kind }) => kind === 'create') && subject.stream.syncs
        ? writes(subject)
        : 'nothing is made there, or it is not read whole',
    async check(subject) {
      const { externalId } = await write(subject, 'create', randomUUID(), '');
      const { rows } = await scan(subject);
      expect(
        rows.some((row) => row.externalId === externalId),
        `${externalId} was made and is not in the list`,
      );
    },
  },
];
