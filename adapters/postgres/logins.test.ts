import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import type { Login } from './logins.ts';
import { DATABASE_LOGIN_PATH, isSameLogin, keptLogins, loginIn, urlFor } from './logins.ts';
import type { Database } from './pool.ts';
import { openPostgres } from './pool.ts';
import { sql } from './sql.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

// The embedded database has one login, and asks nobody for a password.
const onPostgres = process.env['TEST_DATABASE_URL'] ? test : test.skip;

let fresh: TestDatabase;
const made: string[] = [];
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(async () => {
  for (const user of made) await asAdmin(`DROP ROLE IF EXISTS ${user}`);
  await fresh.close();
});

const asAdmin = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: fresh.adminUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
};
const aLogin = async (): Promise<Login> => {
  const login = { user: `app_${randomUUID().replaceAll('-', '')}`, password: `${randomUUID()}%@/:` };
  await asAdmin(`CREATE ROLE ${login.user} LOGIN IN ROLE bizosaas_app PASSWORD '${login.password}'`);
  made.push(login.user);
  return login;
};
const sessions = async ({ user }: Login) =>
  (await asAdmin('SELECT pid FROM pg_stat_activity WHERE usename = $1', [user])).length;
const drop = async ({ user }: Login) => {
  await asAdmin('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [user]);
  await asAdmin(`DROP ROLE ${user}`);
};
const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** A store that keeps one login, and that can be away. */
const aStore = (first: Login | null = null) => {
  const kept = { login: first, isAway: false, reads: 0 };
  const read: SecretPort['read'] = (path) => {
    expect(path).toBe(DATABASE_LOGIN_PATH);
    kept.reads += 1;
    if (kept.isAway) return Promise.reject(new Fault('unavailable', 'The secret store is away.'));
    const meta = { class: 'database_password', createdBy: 'test', createdAt: new Date().toISOString() } as const;
    return Promise.resolve(kept.login && { version: 1, values: { ...kept.login }, meta });
  };
  return { kept, secrets: { read } };
};
const whoAmI = async (db: Database): Promise<string> => {
  const Row = z.object({ user: z.string() });
  return (await db.inTenant(PLATFORM, (tx) => tx.one(sql.type(Row)`SELECT session_user::text AS user`))).user;
};

test('a login goes into a URL and comes out of it, whatever its password is made of', () => {
  const login = { user: 'a b@c', password: "p%40/:?#[]'é" };
  const url = urlFor('postgres://old:older@db.test:5432/bizosaas?sslmode=require', login);
  expect(loginIn(url)).toEqual(login);
  expect(url).toMatch(/@db\.test:5432\/bizosaas\?sslmode=require$/);
  expect(loginIn('postgres://db.test/bizosaas')).toBeNull();
  expect(isSameLogin(login, { ...login, password: 'other' })).toBe(false);
});

onPostgres(
  'when the login changes, what is under way goes on, what begins takes the new one, and nobody fails',
  async () => {
    const [first, second] = [await aLogin(), await aLogin()];
    const { kept, secrets } = aStore();
    const url = urlFor(fresh.url, first);
    const db = openPostgres(url, { max: 3, logins: keptLogins(secrets, url, { freshMs: 0 }) });
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasBegun, resolve: begun } = Promise.withResolvers<void>();
    const long = db.inTenant(PLATFORM, async (tx) => {
      begun();
      await mayEnd;
      return tx.one(sql.type(z.object({ user: z.string() }))`SELECT session_user::text AS user`);
    });
    await hasBegun;
    const seen: string[] = [];
    let isOver = false;
    const asking = Array.from({ length: 6 }, async () => {
      while (!isOver) seen.push(await whoAmI(db));
    });
    await until(() => Promise.resolve(seen.length > 20));
    kept.login = second;
    await until(() => Promise.resolve(seen.slice(-20).every((user) => user === second.user)));
    // The rest of the pool before is held for the one that is under way.
    expect(await sessions(first)).toBeGreaterThan(0);
    end();
    await expect(long).resolves.toEqual({ user: first.user });
    await until(async () => (await sessions(first)) === 0);
    isOver = true;
    await Promise.all(asking);
    expect(new Set(seen)).toEqual(new Set([first.user, second.user]));
    await db.close();
  },
);

onPostgres('a refused login is read again at once, by as many as ask at that moment', async () => {
  const [first, second] = [await aLogin(), await aLogin()];
  const { kept, secrets } = aStore(first);
  const db = openPostgres(fresh.url, { max: 3, logins: keptLogins(secrets, urlFor(fresh.url, first)) });
  await expect(whoAmI(db)).resolves.toBe(first.user);
  kept.login = second;
  // Longer ago than a re-read is allowed again.
  const readAt = performance.now();
  await until(() => Promise.resolve(performance.now() - readAt > 1100));
  await drop(first);
  const all = await Promise.all(Array.from({ length: 12 }, () => whoAmI(db)));
  expect(new Set(all)).toEqual(new Set([second.user]));
  expect(kept.reads).toBe(2);
  await db.close();
});

onPostgres(
  'the URL’s own login serves where the kept one is refused, and is left again when that one works',
  async () => {
    const [own, wrong] = [await aLogin(), await aLogin()];
    const { secrets } = aStore({ ...wrong, password: 'changed behind our back' });
    const url = urlFor(fresh.url, own);
    const db = openPostgres(url, { max: 2, logins: keptLogins(secrets, url, { freshMs: 200 }) });
    await expect(whoAmI(db)).resolves.toBe(own.user);
    await asAdmin(`ALTER ROLE ${wrong.user} PASSWORD 'changed behind our back'`);
    await until(async () => (await whoAmI(db)) === wrong.user);
    await db.close();
  },
);

onPostgres('a login that nobody accepts is one clear fault, not a loop', async () => {
  const login = { ...(await aLogin()), password: 'wrong' };
  const { kept, secrets } = aStore(login);
  const url = urlFor(fresh.url, login);
  const db = openPostgres(url, { logins: keptLogins(secrets, url) });
  await expect(whoAmI(db)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(whoAmI(db)).rejects.toThrow('refuses the login');
  expect(kept.reads).toBeLessThanOrEqual(2);
  await db.close();
});

onPostgres('while the secret store is away, the login known serves; at the start, the URL’s own', async () => {
  const [own, other] = [await aLogin(), await aLogin()];
  const { kept, secrets } = aStore(other);
  kept.isAway = true;
  const url = urlFor(fresh.url, own);
  const db = openPostgres(url, { max: 1, logins: keptLogins(secrets, url, { freshMs: 0 }) });
  await expect(whoAmI(db)).resolves.toBe(own.user);
  kept.isAway = false;
  await until(async () => (await whoAmI(db)) === other.user);
  kept.isAway = true;
  for (let times = 0; times < 5; times += 1) await expect(whoAmI(db)).resolves.toBe(other.user);
  await db.close();
});

onPostgres(
  'a process that starts on a dead login while the secret store is away says which of them is away',
  async () => {
    const gone = await aLogin();
    await drop(gone);
    const { kept, secrets } = aStore(await aLogin());
    kept.isAway = true;
    const url = urlFor(fresh.url, gone);
    const db = openPostgres(url, { logins: keptLogins(secrets, url) });
    const waited = performance.now();
    await expect(whoAmI(db)).rejects.toMatchObject({ code: 'unavailable' });
    await until(() => Promise.resolve(performance.now() - waited > 1100));
    await expect(whoAmI(db)).rejects.toThrow('secret store is away');
    kept.isAway = false;
    await until(() => whoAmI(db).then(Boolean, () => false));
    await db.close();
  },
);
