import type { Emulator } from '../../emulator/server.ts';
import type { RateBudgetPort } from '../../ports/budgets.ts';
import type { ReadQuery, Row, WriteAction, WriteReceipt } from '../../ports/connectors.ts';
import { connectionId, tenantId } from './testing-engine.ts';
import { openEmulated } from './testing-vendors.ts';

export interface Emulated extends AsyncDisposable {
  emulator: Emulator;
  /** Reads a list to its end, in pages of three unless said. */
  scan: (stream: string, query?: Partial<ReadQuery>, meanwhile?: (page: number) => void) => Promise<Row[]>;
  one: (stream: string, externalId: string) => Promise<Row>;
  write: (stream: string, action: WriteAction) => Promise<WriteReceipt>;
  probe: (stream: string, action: WriteAction) => Promise<WriteReceipt | null>;
  /** The names of the limits that each call was counted against. */
  counted: () => string[][];
}

interface Given {
  connectorId: string;
  settings?: Record<string, string>;
  credential: (emulator: Emulator) => Record<string, string>;
}

/** One connection to an emulated vendor by OAuth, through the whole engine. */
export async function emulated({ connectorId, settings = {}, credential }: Given): Promise<Emulated> {
  const { emulator, connectedBy, ...open } = await openEmulated();
  const counted: string[][] = [];
  const take: RateBudgetPort['take'] = async (_ask, limits) => {
    counted.push(limits.map(({ name }) => name));
    return { waited: false, settle: () => undefined };
  };
  // Anew each time: a reset of the emulator forgets every grant.
  const live = () => connectedBy(connectorId, 'oauth', settings, credential(emulator), { budgets: { take } });
  const at = (stream: string) => ({ tenantId, connectionId, stream });
  return {
    emulator,
    async scan(stream, query = {}, meanwhile = () => undefined) {
      const rows: Row[] = [];
      const connectors = live();
      for (let cursor: string | null | undefined, pages = 1; cursor !== null; pages += 1) {
        const asked = { limit: 3, ...query, ...(cursor && { cursor }) };
        const page = await connectors.read(tenantId, connectionId, stream, asked);
        rows.push(...page.rows);
        cursor = page.nextCursor;
        if (cursor !== null) meanwhile(pages);
        if (pages > 1000) throw new Error('the list has no end');
      }
      return rows;
    },
    one: (stream, externalId) => live().readOne(tenantId, connectionId, stream, externalId),
    write: (stream, action) => live().write(at(stream), action, 'marker'),
    probe: (stream, action) => live().probe(at(stream), action, 'marker'),
    counted: () => counted,
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

export const idsOf = (rows: Row[]): string[] => rows.map(({ externalId }) => externalId).sort();
