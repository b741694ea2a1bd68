import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { LoginRoles } from '../postgres/login-roles.ts';
import { loginRoles } from '../postgres/login-roles.ts';
import { DATABASE_LOGIN_PATH, keptLogins, loginIn, urlFor } from '../postgres/logins.ts';
import type { Database } from '../postgres/pool.ts';
import { openPostgres } from '../postgres/pool.ts';
import { sql } from '../postgres/sql.ts';
import type { TestDatabase } from '../postgres/testing.ts';
import { freshDatabase } from '../postgres/testing.ts';
import { envSecrets } from '../secrets/env.ts';
import { databasePassword } from './database-password.ts';

// The embedded database has one login, and asks nobody for a password.
const onPostgres = process.env['TEST_DATABASE_URL'] ? test : test.skip;

let fresh: TestDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());

const opened: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.disposeAsync();
});

const asAdmin = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: fresh.adminUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
};
const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** A product with a login of its own at the server, and a secret store that is empty. */
const aProduct = async () => {
  const stack = new AsyncDisposableStack();
  opened.push(stack);
  const base = `app_${randomUUID().slice(0, 8)}x`;
  const password = randomUUID();
  await asAdmin(`CREATE ROLE ${base} LOGIN IN ROLE bizosaas_app PASSWORD '${password}'`);
  const logins = async () => {
    const rows = await asAdmin<{ name: string }>(
      'SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY rolname',
      [base],
    );
    return rows.map(({ name }) => name);
  };
  stack.defer(async () => {
    for (const name of await logins()) {
      await asAdmin('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [name]);
      await asAdmin(`DROP OWNED BY ${name}`);
      await asAdmin(`DROP ROLE ${name}`);
    }
  });
  const dir = await mkdtemp(join(tmpdir(), 'biz-rotation-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const secrets = envSecrets({ dir, key: Buffer.alloc(32, 1).toString('base64'), environment: 'test' });
  const url = urlFor(fresh.url, { user: base, password });
  const roles = loginRoles(fresh.adminUrl);
  return {
    ...{ base, url, secrets, roles, logins },
    rotator: databasePassword({ secrets, url, roles }),
    inUse: async () => (await secrets.read(DATABASE_LOGIN_PATH))?.values['user'],
    /** A process of the product; it looks for another login all the time. */
    open: (max = 3): Database => {
      const db = openPostgres(url, { max, logins: keptLogins(secrets, url, { freshMs: 50 }) });
      stack.defer(() => db.close());
      return db;
    },
  };
};
type Product = Awaited<ReturnType<typeof aProduct>>;

const aRef = (): RotationRef => ({
  ...{ scope: PLATFORM, secretClass: 'database_password', subject: 'app', rotationId: randomUUID() },
});
const heldBy = (product: Product, ref: RotationRef) =>
  product.secrets.read(rotationSecretPath(ref.scope, ref.rotationId)).then((found) => found?.values ?? null);
const whoAmI = async (db: Database, ms = 0): Promise<string> => {
  const Row = z.object({ user: z.string() });
  return (
    await db.inTenant(PLATFORM, (tx) =>
      tx.one(sql.type(Row)`SELECT session_user::text AS user, pg_sleep(${ms / 1000})`),
    )
  ).user;
};
/** Asks without a pause, and remembers as whom. */
const traffic = (db: Database) => {
  const seen: string[] = [];
  let isOver = false;
  const asking = Array.from({ length: 5 }, async (_, n) => {
    while (!isOver) seen.push(await whoAmI(db, n));
  });
  const failed = Promise.all(asking).then(() => Promise.withResolvers<never>().promise);
  failed.catch(() => undefined);
  return {
    seen,
    /** Until the last twenty answers were given to this login. Rejects when one was none. */
    reaches: (user: string) =>
      Promise.race([
        failed,
        until(() => Promise.resolve(seen.length >= 20 && seen.slice(-20).every((each) => each === user))),
      ]),
    stop: async () => {
      isOver = true;
      await Promise.all(asking);
    },
  };
};

test('there is nothing to rotate without an administrator’s login, or without a password', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'biz-rotation-'));
  const secrets = envSecrets({ dir, environment: 'test' });
  const url = 'postgres://app:secret@127.0.0.1:1/bizosaas';
  const roles = loginRoles('postgres://admin@127.0.0.1:1/bizosaas');
  const embedded = databasePassword({ secrets, url, roles: null });
  const peer = databasePassword({ secrets, url: 'postgres://127.0.0.1:1/bizosaas', roles });
  for (const [rotator, mend] of [
    [embedded, 'DATABASE_ADMIN_URL'],
    [peer, 'DATABASE_URL'],
  ] as const) {
    const plan = await rotator.plan(aRef());
    expect(plan.by === null && plan.why).toContain(mend);
    await expect(rotator.targets(PLATFORM)).resolves.toEqual([]);
    await expect(rotator.create(aRef(), null)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(rotator.rollBack(aRef())).resolves.toBeUndefined();
  }
  await expect(secrets.list('platform/')).resolves.toEqual([]);
  await rm(dir, { recursive: true });
});

onPostgres('the login of DATABASE_URL is taken over once, and is as old as that', async () => {
  const { rotator, secrets, url } = await aProduct();
  const [target] = await rotator.targets(PLATFORM);
  const kept = await secrets.read(DATABASE_LOGIN_PATH);
  expect(kept).toMatchObject({ version: 1, values: loginIn(url), meta: { class: 'database_password' } });
  expect(target).toEqual({
    scope: PLATFORM,
    secretClass: 'database_password',
    subject: 'app',
    since: kept?.meta.createdAt,
  });
  await expect(rotator.targets(PLATFORM)).resolves.toEqual([target]);
  await expect(secrets.read(DATABASE_LOGIN_PATH)).resolves.toEqual(kept);
  await expect(rotator.plan(aRef())).resolves.toEqual({ by: 'platform', ask: null });
});

onPostgres(
  'under load a rotation takes everyone to the new login, drops the old one, and no request fails',
  async () => {
    const product = await aProduct();
    const { base, rotator } = product;
    const load = traffic(product.open());
    await load.reaches(base);
    for (const [before, after] of [
      [base, `${base}_1`],
      [`${base}_1`, `${base}_2`],
    ] as const) {
      const ref = aRef();
      await rotator.create(ref, null);
      await rotator.verify(ref);
      await expect(product.logins()).resolves.toEqual([before, after]);
      expect(load.seen.at(-1)).toBe(before);
      await rotator.cutOver(ref);
      await load.reaches(after);
      await until(async () => (await rotator.neededBy(ref)) === null);
      await rotator.verify(ref);
      await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
      await expect(product.logins()).resolves.toEqual([after]);
      await expect(heldBy(product, ref)).resolves.toBeNull();
    }
    await load.stop();
    const versions = (await product.secrets.describe(DATABASE_LOGIN_PATH))?.versions.map(({ state }) => state);
    expect(versions).toEqual(['held', 'destroyed', 'destroyed']);
  },
);

onPostgres('rolled back after the cut-over, everyone goes back to the old login, and no request fails', async () => {
  const product = await aProduct();
  const { base, rotator } = product;
  const load = traffic(product.open());
  const ref = aRef();
  await rotator.create(ref, null);
  await rotator.cutOver(ref);
  await load.reaches(`${base}_1`);
  await rotator.rollBack(ref);
  await expect(product.logins()).resolves.toEqual([base]);
  await load.reaches(base);
  await load.stop();
  await expect(product.inUse()).resolves.toBe(base);
});

/** Dies at one call: before it, or after it, so that nobody hears the answer. */
const mortal = (product: Product, dies: { at: number; answerLost: boolean }) => {
  let calls = 0;
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          const isLast = (calls += 1) === dies.at;
          if (isLast && !dies.answerLost) throw new Error('killed');
          const answer = await method(...args);
          if (isLast) throw new Error('killed');
          return answer;
        };
      },
    });
  const { url } = product;
  return databasePassword({ url, secrets: wrap<SecretPort>(product.secrets), roles: wrap<LoginRoles>(product.roles) });
};

type Step = (rotator: Rotator, ref: RotationRef) => Promise<unknown>;
const STEPS: [string, Step][] = [
  ['create', (rotator, ref) => rotator.create(ref, null)],
  ['verify', (rotator, ref) => rotator.verify(ref)],
  ['cutOver', (rotator, ref) => rotator.cutOver(ref)],
  ['neededBy', (rotator, ref) => rotator.neededBy(ref)],
  ['revoke', (rotator, ref) => rotator.revoke(ref)],
];
const undo: Step = (rotator, ref) => rotator.rollBack(ref);

/** Kills the step at each of its calls in turn, and hands over to `after` each time; ends when the step outlives it. */
const killedEverywhere = async (
  product: Product,
  step: Step,
  { before, after }: { before: (ref: RotationRef) => Promise<void>; after: (ref: RotationRef) => Promise<void> },
): Promise<number> => {
  let deaths = 0;
  for (const answerLost of [false, true]) {
    for (let at = 1; ; at += 1) {
      const ref = aRef();
      await before(ref);
      const end = await step(mortal(product, { at, answerLost }), ref).then(
        () => 'lived',
        (error: unknown) => (error as Error).message,
      );
      expect(['lived', 'killed']).toContain(end);
      await after(ref);
      if (end === 'lived') break;
      deaths += 1;
    }
  }
  return deaths;
};

onPostgres.each(STEPS.map(([name], index) => [name, index] as const))(
  'C11: killed anywhere in %s and run again, one login is left, the new one',
  async (_name, index) => {
    const product = await aProduct();
    const { rotator } = product;
    const run = async (steps: typeof STEPS, ref: RotationRef) => {
      for (const [, step] of steps) await step(rotator, ref);
    };
    const [, killed] = STEPS[index] ?? ['', undo];
    let turn = 0;
    const deaths = await killedEverywhere(product, killed, {
      before: (ref) => run(STEPS.slice(0, index), ref),
      after: async (ref) => {
        await run(STEPS.slice(index), ref);
        turn += 1;
        await expect(product.logins()).resolves.toEqual([`${product.base}_${turn}`]);
        await expect(product.inUse()).resolves.toBe(`${product.base}_${turn}`);
        await expect(heldBy(product, ref)).resolves.toBeNull();
      },
    });
    expect(deaths).toBeGreaterThan(1);
  },
);

onPostgres.each(STEPS.slice(0, 4).map(([name], index) => [name, index] as const))(
  'C11: killed anywhere in %s and rolled back, one login is left, the old one',
  async (_name, index) => {
    const product = await aProduct();
    const { rotator, base } = product;
    const [, killed] = STEPS[index] ?? ['', undo];
    await killedEverywhere(product, killed, {
      before: async (ref) => {
        for (const [, step] of STEPS.slice(0, index)) await step(rotator, ref);
      },
      after: async (ref) => {
        await rotator.rollBack(ref);
        await rotator.rollBack(ref);
        await expect(product.logins()).resolves.toEqual([base]);
        await expect(heldBy(product, ref)).resolves.toBeNull();
        if (index > 0) await expect(product.inUse()).resolves.toBe(base);
      },
    });
  },
);

onPostgres(
  'C11: killed anywhere in the rolling back itself and run again, one login is left, the old one',
  async () => {
    const product = await aProduct();
    const { rotator, base } = product;
    const deaths = await killedEverywhere(product, undo, {
      before: async (ref) => {
        await rotator.create(ref, null);
        await rotator.cutOver(ref);
      },
      after: async (ref) => {
        await rotator.rollBack(ref);
        await expect(product.logins()).resolves.toEqual([base]);
        await expect(product.inUse()).resolves.toBe(base);
        await expect(heldBy(product, ref)).resolves.toBeNull();
      },
    });
    expect(deaths).toBeGreaterThan(8);
  },
);

onPostgres(
  'the old login is needed while somebody is connected by it, who is named, and while it is in use again',
  async () => {
    const product = await aProduct();
    const { rotator, base, url, secrets } = product;
    const ref = aRef();
    await rotator.create(ref, null);
    await rotator.cutOver(ref);
    await expect(rotator.neededBy(ref)).resolves.toBeNull();
    const forgotten = new pg.Client({ connectionString: url, application_name: 'nightly-report' });
    forgotten.on('error', () => undefined);
    await forgotten.connect();
    await expect(rotator.neededBy(ref)).resolves.toBe(
      `1 connection still uses the database login “${base}” (nightly-report at 127.0.0.1).`,
    );
    // In the middle of something it is waited for, and afterwards it is ended.
    await forgotten.query('BEGIN');
    const revoking = rotator.revoke(ref);
    await until(async () => {
      const [row] = await asAdmin<{ can: boolean }>('SELECT rolcanlogin AS can FROM pg_roles WHERE rolname = $1', [
        base,
      ]);
      return row?.can === false;
    });
    await expect(forgotten.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await forgotten.query('COMMIT');
    await expect(revoking).resolves.toEqual({ left: null });
    await expect(forgotten.query('SELECT 1')).rejects.toThrow();

    const next = aRef();
    await rotator.create(next, null);
    const before = await secrets.read(DATABASE_LOGIN_PATH);
    await rotator.cutOver(next);
    await secrets.put(DATABASE_LOGIN_PATH, (before?.version ?? 0) + 1, before?.values ?? {}, {
      ...{ class: 'database_password', createdBy: 'a person' },
    });
    await expect(rotator.neededBy(next)).resolves.toContain('again');
    await expect(rotator.revoke(next)).rejects.toMatchObject({ code: 'conflict' });
    await rotator.rollBack(next);
    await expect(product.logins()).resolves.toEqual([`${base}_1`]);
  },
);

onPostgres('a login that a person gives is tested, taken, and never dropped by us when it does not work', async () => {
  const product = await aProduct();
  const { base, rotator } = product;
  const given = { user: `${base}_given`, password: randomUUID() };
  await expect(rotator.create(aRef(), { user: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
  await asAdmin(`CREATE ROLE ${given.user} LOGIN PASSWORD '${given.password}'`);
  const refused = async (login: { user: string; password: string }, code: string) => {
    const ref = aRef();
    await rotator.create(ref, login);
    const verified = rotator.verify(ref);
    await expect(verified).rejects.toMatchObject({ code });
    await expect(verified).rejects.not.toThrow(login.password);
    await rotator.rollBack(ref);
    await expect(product.logins()).resolves.toEqual([base, given.user]);
  };
  await refused(given, 'credential_forbidden');
  await asAdmin(`GRANT bizosaas_app TO ${given.user}`);
  await refused({ ...given, password: 'wrong' }, 'credential_rejected');
  const ref = aRef();
  await rotator.create(ref, given);
  await rotator.verify(ref);
  await rotator.cutOver(ref);
  await rotator.revoke(ref);
  await expect(product.logins()).resolves.toEqual([given.user]);
  await expect(whoAmI(product.open())).resolves.toBe(given.user);
});

onPostgres('a new password of the same login, given by a person, is taken, and that login stays', async () => {
  const product = await aProduct();
  const { base, rotator } = product;
  const given = { user: base, password: randomUUID() };
  await rotator.targets(PLATFORM);
  await asAdmin(`ALTER ROLE ${base} PASSWORD '${given.password}'`);
  const ref = aRef();
  await rotator.create(ref, given);
  await rotator.verify(ref);
  await rotator.cutOver(ref);
  await expect(rotator.neededBy(ref)).resolves.toBeNull();
  await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
  await expect(product.logins()).resolves.toEqual([base]);
  await expect(whoAmI(product.open())).resolves.toBe(base);
});

onPostgres('an old login that owns something may not log in any more, and a person is told what is left', async () => {
  const product = await aProduct();
  const { base, rotator, url } = product;
  await asAdmin(`CREATE TABLE owned_by_${base} ()`);
  await asAdmin(`ALTER TABLE owned_by_${base} OWNER TO ${base}`);
  const ref = aRef();
  await rotator.create(ref, null);
  await rotator.cutOver(ref);
  const { left } = await rotator.revoke(ref);
  expect(left).toContain(`“${base}” may not log in any more, but owns objects`);
  await expect(new pg.Client({ connectionString: url }).connect()).rejects.toMatchObject({ code: '28000' });
  await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
});

onPostgres('an administrator who is no superuser rotates what it made, and says what it may not', async () => {
  const product = await aProduct();
  const { base, secrets, url } = product;
  const admin = { user: `${base}_admin`, password: randomUUID() };
  await asAdmin(`CREATE ROLE ${admin.user} LOGIN CREATEROLE PASSWORD '${admin.password}'`);
  const rotator = databasePassword({ secrets, url, roles: loginRoles(urlFor(fresh.adminUrl, admin)) });
  const refused = rotator.create(aRef(), null);
  await expect(refused).rejects.toMatchObject({ code: 'unprocessable' });
  await expect(refused).rejects.toThrow('WITH ADMIN OPTION');

  await asAdmin(`GRANT bizosaas_app TO ${admin.user} WITH ADMIN OPTION`);
  const [first, second] = [aRef(), aRef()];
  await rotator.create(first, null);
  await rotator.verify(first);
  await rotator.cutOver(first);
  const { left } = await rotator.revoke(first);
  expect(left).toContain(`may not drop the database login “${base}”`);
  await rotator.create(second, null);
  await rotator.cutOver(second);
  await expect(rotator.revoke(second)).resolves.toEqual({ left: null });
  await expect(product.logins()).resolves.toEqual([base, `${base}_2`, admin.user]);
});

onPostgres('a login of the same name that is not ours is left alone', async () => {
  const product = await aProduct();
  const { base, rotator, roles } = product;
  const taken = { ...roles, nextName: () => Promise.resolve(`${base}_1`) };
  await asAdmin(`CREATE ROLE ${base}_1 LOGIN`);
  const racing = databasePassword({ secrets: product.secrets, url: product.url, roles: taken });
  await expect(racing.create(aRef(), null)).rejects.toMatchObject({ code: 'conflict' });
  const ref = aRef();
  await rotator.create(ref, null);
  await expect(product.logins()).resolves.toEqual([base, `${base}_1`, `${base}_2`]);
});

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the `this` that it was asked with
const realQuery: (...args: unknown[]) => unknown = pg.Client.prototype.query;

onPostgres('no statement, answer or error holds the password', async () => {
  const product = await aProduct();
  const { rotator } = product;
  const said: string[] = [];
  const ask = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args) {
    said.push(JSON.stringify(args));
    return Reflect.apply(realQuery, this, args) as never;
  });
  try {
    const ref = aRef();
    await rotator.create(ref, null);
    const held = await heldBy(product, ref);
    await rotator.verify(ref);
    await rotator.cutOver(ref);
    said.push(String(await rotator.neededBy(ref)));
    said.push(JSON.stringify(await rotator.revoke(ref)));
    expect(said.some((text) => text.includes('CREATE ROLE'))).toBe(true);
    expect(held?.['password']).toMatch(/^[\w-]{43}$/);
    for (const secret of [held?.['password'], held?.['passwordBefore']]) {
      expect(said.filter((text) => text.includes(secret ?? ''))).toEqual([]);
    }
  } finally {
    ask.mockRestore();
  }
});
onPostgres(
  'a database that is away is tried again; an administrator’s login that is refused is named as such',
  async () => {
    const product = await aProduct();
    const away = new URL(fresh.adminUrl);
    away.port = '1';
    const nobody = urlFor(fresh.adminUrl, { user: product.base, password: 'wrong' });
    const refusals: [string, string][] = [
      [away.href, 'does not answer'],
      [nobody, 'DATABASE_ADMIN_URL'],
    ];
    for (const [adminUrl, sentence] of refusals) {
      const failed = loginRoles(adminUrl).inUse('x');
      await expect(failed).rejects.toBeInstanceOf(Fault);
      await expect(failed).rejects.toMatchObject({ code: 'unavailable' });
      await expect(failed).rejects.toThrow(sentence);
    }
  },
);
