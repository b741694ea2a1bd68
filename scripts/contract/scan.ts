import type { ReadQuery, Row } from '../../ports/connectors.ts';
import { expect } from './claim.ts';
import type { Subject } from './claim.ts';

/** Small, so that a few records make several pages. */
export const PAGE = 3;
/** Three pages, the last not full. */
export const RECORDS = 8;
const PAGES_MAX = 60;

type Of = Pick<Subject, 'ground' | 'given' | 'stream' | 'of' | 'connected'>;

export const collectionOf = ({ ground, given, of }: Pick<Of, 'ground' | 'given' | 'of'>) => {
  const found = ground.emulator.control.records(given.vendor).collections[of.collection ?? ''];
  expect(found !== undefined, `the emulator keeps no ${of.collection} of ${given.vendor}`);
  return found;
};

/** What we call the records that the vendor has now. */
export const idsOf = (subject: Pick<Of, 'ground' | 'given' | 'of'>): string[] =>
  collectionOf(subject)
    .ids()
    .map((id) => (subject.of.externalId ?? String)(id));

/** Reads a whole list; between two pages `meanwhile` happens. */
export async function scan(
  { ground, connected, stream, of }: Of,
  query: Partial<ReadQuery> = {},
  meanwhile: (page: number) => void = () => undefined,
): Promise<{ rows: Row[]; pages: number; unreadable: { externalId: string | null; reason: string }[] }> {
  const rows: Row[] = [];
  const unreadable: { externalId: string | null; reason: string }[] = [];
  let cursor: string | undefined;
  for (let pages = 1; ; pages += 1) {
    expect(pages <= PAGES_MAX, `the list has not ended after ${PAGES_MAX} pages`);
    const page = await connected.connectors.read(ground.tenantId, connected.connection.id, stream.name, {
      limit: PAGE,
      lane: 'backfill',
      cursor,
      ...(of.filter && { filter: of.filter }),
      ...query,
    });
    rows.push(...page.rows);
    unreadable.push(...page.unreadable);
    if (page.nextCursor === null) return { rows, pages, unreadable };
    cursor = page.nextCursor;
    meanwhile(pages);
  }
}
