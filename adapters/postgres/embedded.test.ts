import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { TestDatabase } from './testing.ts';
import { onPglite } from './testing.ts';

const CONNECTIONS = 12;
const ROUNDS = 60;

let database: TestDatabase;
let clients: pg.Client[] = [];
beforeAll(async () => {
  database = await onPglite(2);
  clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: database.url }));
  for (const client of clients) client.on('error', () => undefined);
  await Promise.all(clients.map((client) => client.connect()));
}, 60_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await database.close();
});

/** Statements with parameters, failing ones, plain ones and transactions, one after the other. */
const rounds = async (client: pg.Client, name: number): Promise<string[]> => {
  const seen: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const wanted = `${name}/${round}`;
    const { rows } = await client.query<{ given: string }>('SELECT $1::text AS given', [wanted]);
    const refused = client.query('SELECT $1::int', ['no number']).then(
      () => 'taken',
      ({ code }: { code: string }) => code,
    );
    const plain = client.query<{ given: string }>(`SELECT '${wanted}' AS given`);
    await client.query('BEGIN');
    const inside = await client.query<{ given: string }>('SELECT $1::text AS given', [wanted]);
    await client.query('COMMIT');
    const same = [rows[0]?.given, (await plain).rows[0]?.given, inside.rows[0]?.given].every((each) => each === wanted);
    seen.push(`${same} ${await refused}`);
  }
  return seen;
};

test('connections to the embedded database do not meet in the middle of a statement', async () => {
  const all = await Promise.all(clients.map(rounds));
  expect(new Set(all.flat())).toEqual(new Set(['true 22P02']));
}, 60_000);

test('a connection that is cut in the middle of a statement stops nobody', async () => {
  const cut = new pg.Client({ connectionString: database.url });
  cut.on('error', () => undefined);
  await cut.connect();
  // A statement's first part, whose end never comes.
  const text = Buffer.from('\0SELECT 1\0\0\0', 'latin1');
  const head = Buffer.alloc(5);
  head.write('P');
  head.writeInt32BE(text.length + 4, 1);
  const { stream } = (
    cut as unknown as { connection: { stream: { write: (bytes: Buffer) => void; destroy: () => void } } }
  ).connection;
  stream.write(Buffer.concat([head, text]));
  const [first] = clients;
  const waits = first?.query<{ x: string }>('SELECT $1::text AS x', ['there']);
  stream.destroy();
  expect((await waits)?.rows).toEqual([{ x: 'there' }]);
});
