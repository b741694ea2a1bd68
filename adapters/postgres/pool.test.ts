import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM, RunId, TenantId } from '../../ports/ids.ts';
import type { Tx } from './pool.ts';
import { openPostgres } from './pool.ts';
import { sql } from './sql.ts';
import { postgresStores } from './stores.ts';
import { aConnection, aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

// PGlite is one session in one process: it has no backends to end and no conflicts.
const onPostgres = process.env['TEST_DATABASE_URL'] ? test : test.skip;

let fresh: TestDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());

const tenant = () => TenantId.parse(randomUUID());
const none = sql.typeAlias('nothing');

const withAdmin = async <Result>(fn: (client: pg.Client) => Promise<Result>): Promise<Result> => {
  const client = new pg.Client({ connectionString: fresh.adminUrl });
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
};

const claim = (tx: Tx, tenantId: TenantId, key: string) =>
  tx.query(none`INSERT INTO effects (tenant_id, key, action) VALUES (${tenantId}, ${key}, 'a')`);
const keysOf = (tenantId: TenantId) =>
  fresh.db.inTenant(tenantId, async (tx) =>
    (await tx.any(sql.type(z.object({ key: z.string() }))`SELECT key FROM effects ORDER BY key`)).map(({ key }) => key),
  );
const endBackend = async (tx: Tx) => {
  const { pid } = await tx.one(sql.type(z.object({ pid: z.number() }))`SELECT pg_backend_pid() AS pid`);
  await withAdmin((admin) => admin.query('SELECT pg_terminate_backend($1, 5000)', [pid]));
};

onPostgres(
  'C7: a backend terminated in mid-transaction: the whole is run again, and nothing is there twice',
  async () => {
    const id = tenant();
    let attempts = 0;
    await fresh.db.inTenant(id, async (tx) => {
      attempts += 1;
      await claim(tx, id, 'first');
      if (attempts === 1) await endBackend(tx);
      await claim(tx, id, 'second');
    });
    expect(attempts).toBe(2);
    await expect(keysOf(id)).resolves.toEqual(['first', 'second']);
  },
);

onPostgres(
  'C7: a backend terminated every time: a bounded number of tries, one clear fault, never half a batch',
  async () => {
    const id = tenant();
    let attempts = 0;
    const run = fresh.db.inTenant(id, async (tx) => {
      attempts += 1;
      await claim(tx, id, 'first');
      await endBackend(tx);
      await claim(tx, id, 'second');
    });
    await expect(run).rejects.toMatchObject({ name: 'Fault', code: 'unavailable' });
    expect(attempts).toBe(3);
    await expect(keysOf(id)).resolves.toEqual([]);
  },
);

onPostgres('C7: a serialization conflict (40001) is run again on what the winner left', async () => {
  const id = tenant();
  await fresh.db.inTenant(id, (tx) => claim(tx, id, '1'));
  await withAdmin((admin) =>
    admin.query(`ALTER DATABASE ${admin.database} SET default_transaction_isolation = 'repeatable read'`),
  );
  const strict = openPostgres(fresh.url, { max: 2 });
  try {
    let attempts = 0;
    await strict.inTenant(id, async (tx) => {
      attempts += 1;
      const { key } = await tx.one(sql.type(z.object({ key: z.string() }))`SELECT key FROM effects`);
      if (attempts === 1)
        await withAdmin((admin) => admin.query("UPDATE effects SET key = '2' WHERE tenant_id = $1", [id]));
      await tx.query(none`UPDATE effects SET key = ${String(Number(key) + 1)}`);
    });
    expect(attempts).toBe(2);
    await expect(keysOf(id)).resolves.toEqual(['3']);
  } finally {
    await strict.close();
    await withAdmin((admin) => admin.query(`ALTER DATABASE ${admin.database} RESET default_transaction_isolation`));
  }
});

onPostgres('C7: of two transactions in a deadlock (40P01) both come through', async () => {
  const id = tenant();
  await fresh.db.inTenant(id, async (tx) => {
    await claim(tx, id, 'a');
    await claim(tx, id, 'b');
  });
  let arrived = 0;
  let open: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (open = resolve));
  let attempts = 0;
  const cross = (first: string, second: string) =>
    fresh.db.inTenant(id, async (tx) => {
      attempts += 1;
      await tx.query(none`UPDATE effects SET action = action || '+' WHERE key = ${first}`);
      if ((arrived += 1) === 2) open();
      await both;
      await tx.query(none`UPDATE effects SET action = action || '+' WHERE key = ${second}`);
    });
  await Promise.all([cross('a', 'b'), cross('b', 'a')]);
  expect(attempts).toBe(3);
  const rows = await fresh.db.inTenant(id, (tx) =>
    tx.any(sql.type(z.object({ action: z.string() }))`SELECT action FROM effects`),
  );
  expect(rows.map(({ action }) => action)).toEqual(['a++', 'a++']);
});

onPostgres(
  'C8: a read-only database: writes are one clear fault, reads go on, and writes work again after',
  async () => {
    const id = tenant();
    await withAdmin((admin) => admin.query(`ALTER DATABASE ${admin.database} SET default_transaction_read_only = on`));
    const readOnly = openPostgres(fresh.url);
    try {
      const refused = readOnly.inTenant(id, (tx) => claim(tx, id, 'k'));
      await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
      await expect(refused).rejects.toThrow('read-only');
      await expect(readOnly.health()).resolves.toBeUndefined();
    } finally {
      await readOnly.close();
      await withAdmin(async (admin) => {
        await admin.query('SET default_transaction_read_only = off');
        await admin.query(`ALTER DATABASE ${admin.database} RESET default_transaction_read_only`);
      });
    }
    const again = openPostgres(fresh.url);
    await expect(again.inTenant(id, (tx) => claim(tx, id, 'k'))).resolves.toMatchObject({ rowCount: 1 });
    await again.close();
  },
);

test('C8: a full disk is one clear fault with the mend, and nothing of the transaction is kept', async () => {
  const id = tenant();
  const full = fresh.db.inTenant(id, async (tx) => {
    await claim(tx, id, 'k');
    await tx.query(none`DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`);
  });
  await expect(full).rejects.toMatchObject({ code: 'unavailable' });
  await expect(full).rejects.toThrow('disk of the database is full');
  await expect(keysOf(id)).resolves.toEqual([]);
});

/** Stands between the pool and the database, and can be cut (refuses), stall (accepts, says nothing) and come back. */
const createWire = async () => {
  const { hostname, port } = new URL(fresh.url);
  const sockets = new Set<Socket>();
  let stalls = false;
  const server = createServer((client) => {
    const remember = (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    };
    remember(client);
    if (stalls) return;
    const upstream = connect(Number(port), hostname);
    remember(upstream);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  let own = 0;
  const listen = () => new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  const drop = () => sockets.forEach((socket) => socket.destroy());
  await listen();
  own = (server.address() as AddressInfo).port;
  const url = new URL(fresh.url);
  url.host = `127.0.0.1:${own}`;
  return {
    url: url.href,
    cut: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        drop();
      }),
    stall: async () => {
      stalls = true;
      drop();
      await listen();
    },
    restore: () => {
      stalls = false;
      drop();
    },
    listen,
  };
};

test('C6: the database goes away and comes back: fast clear faults, then the same process goes on by itself', async () => {
  const wire = await createWire();
  const pool = JSON.stringify(new URL('./pool.ts', import.meta.url).href);
  // A process of its own, since an unhandled rejection ends it: leaving with 0 proves that there was none.
  const script = `
    const { openPostgres } = await import(${pool});
    const { sql } = await import(${JSON.stringify(new URL('./sql.ts', import.meta.url).href)});
    const db = openPostgres(${JSON.stringify(wire.url)}, { max: 2 });
    let stop = false;
    process.stdin.once('data', () => (stop = true));
    const ask = async (pause) => {
      while (!stop) {
        const began = Date.now();
        const said = await db.inTenant('platform', (tx) => tx.query(sql.typeAlias('nothing')\`SELECT 1\`))
          .then(() => 'ok', (error) => error.code + ' ' + error.name);
        console.log(said + ' ' + (Date.now() - began));
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    };
    // More askers than connections, out of step: nobody may queue behind the timeouts of others.
    await Promise.all([5, 50, 150, 250, 350, 500, 700, 900].map(ask));
    await db.close();
    process.stdin.destroy();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const until = async (start: string, count: number): Promise<number> => {
    let slowest = 0;
    for (let found = 0; found < count;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('the process ended');
      const [, said = '', ms = ''] = /^(.*) (\d+)$/.exec(value) ?? [];
      expect(['ok', 'unavailable Fault']).toContain(said);
      if (said !== start) continue;
      found += 1;
      slowest = Math.max(slowest, Number(ms));
    }
    return slowest;
  };
  try {
    await until('ok', 10);
    await wire.cut();
    expect(await until('unavailable Fault', 30)).toBeLessThan(2000);
    await wire.stall();
    expect(await until('unavailable Fault', 20)).toBeLessThan(2000);
    wire.restore();
    await until('ok', 30);
    if (fresh.engine === 'postgres') {
      await withAdmin((admin) =>
        admin.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
          [admin.database],
        ),
      );
      await until('ok', 30);
    }
    child.stdin.write('stop\n');
    await expect(ended).resolves.toBe(0);
  } finally {
    child.kill();
    await wire.cut();
  }
});

test('C6: a process may start before its database: health says so at once, and it works when the database is there', async () => {
  const wire = await createWire();
  await wire.cut();
  const early = openPostgres(wire.url, { max: 1 });
  try {
    await expect(early.health()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(early.inTenant(PLATFORM, () => Promise.resolve())).rejects.toMatchObject({ code: 'unavailable' });
    await wire.listen();
    await expect(early.health()).resolves.toBeUndefined();
  } finally {
    await early.close();
    await wire.cut();
  }
  await expect(early.health()).rejects.toMatchObject({ code: 'unavailable' });
});

test('C65a: a NUL byte or half a surrogate pair is refused, in text and in JSON, and nothing is kept', async () => {
  const stores = postgresStores(fresh.db);
  const tenantId = await aTenant(stores);
  const connectionId = await aConnection(stores, tenantId);
  const ref = { tenantId, connectionId, stream: 'posts' };
  for (const bad of ['a\0b', 'a\ud800b', '\udc00']) {
    const document = { externalId: '1', title: bad, link: null, hash: 'h', chunks: ['text'] };
    await expect(stores.knowledge.put(ref, document)).rejects.toMatchObject({ code: 'invalid_request' });
    const chunked = { ...document, title: 't', chunks: ['fine', bad] };
    await expect(stores.knowledge.put(ref, chunked)).rejects.toMatchObject({ code: 'invalid_request' });
    const changed = stores.connections.change(tenantId, connectionId, { settings: { site: bad } });
    await expect(changed).rejects.toMatchObject({ code: 'invalid_request' });
  }
  await expect(stores.knowledge.count(tenantId)).resolves.toEqual({ documents: 0, chunks: 0 });
  await expect(stores.connections.get(tenantId, connectionId)).resolves.toMatchObject({ settings: {} });
});

test('C65a: emoji come back as they were; what a model wrote is kept even with a NUL; too much is refused', async () => {
  const stores = postgresStores(fresh.db);
  const tenantId = await aTenant(stores);
  const connectionId = await aConnection(stores, tenantId);
  const settings = { site: "Ünïcödé 👩‍👩‍👧‍👦 \u2028 “quotes” \\ '; DROP TABLE tenants; --" };
  await stores.connections.change(tenantId, connectionId, { settings });
  await expect(stores.connections.get(tenantId, connectionId)).resolves.toMatchObject({ settings });
  const run = { tenantId, runId: RunId.parse(randomUUID()) };
  const message = { role: 'user' as const, content: 'a\0b \ud800 🎉' };
  await stores.transcripts.append(run, 0, [message]);
  await expect(stores.transcripts.load(run, 0, 1)).resolves.toEqual([message]);
  const { id } = await stores.content.put(tenantId, message);
  await expect(stores.content.get(tenantId, id)).resolves.toEqual(message);
  const huge = stores.content.put(tenantId, 'x'.repeat(17 * 1024 * 1024));
  await expect(huge).rejects.toMatchObject({ code: 'too_large' });
});

test('a fault thrown inside rolls back and keeps the connection; a second transaction inside is refused', async () => {
  const id = tenant();
  const pid = () =>
    fresh.db.inTenant(id, (tx) => tx.one(sql.type(z.object({ pid: z.number() }))`SELECT pg_backend_pid() AS pid`));
  const before = await pid();
  const refused = fresh.db.inTenant(id, async (tx) => {
    await claim(tx, id, 'k');
    throw new Fault('conflict', 'No.');
  });
  await expect(refused).rejects.toMatchObject({ code: 'conflict' });
  await expect(keysOf(id)).resolves.toEqual([]);
  await expect(pid()).resolves.toEqual(before);
  const nested = fresh.db.inTenant(id, () => fresh.db.inTenant(id, (tx) => claim(tx, id, 'k')));
  await expect(nested).rejects.toThrow();
});
