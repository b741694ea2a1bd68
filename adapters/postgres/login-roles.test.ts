import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { loginRoles } from './login-roles.ts';
import { urlFor } from './logins.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

// The embedded database has one login, and asks nobody for a password.
const onPostgres = process.env['TEST_DATABASE_URL'] ? test : test.skip;

let fresh: TestDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());

const first = { user: `first_x${randomBytes(4).toString('hex')}`, password: 'the first' };
const roles = () => loginRoles(fresh.adminUrl);
afterEach(async () => {
  await roles().retire(first.user);
  await roles().retire(`${first.user}_1`);
});

const rights = async (password = first.password, user = first.user): Promise<boolean | undefined> => {
  const client = new pg.Client({ connectionString: urlFor(fresh.url, { user, password }) });
  await client.connect();
  try {
    const { rows } = await client.query<{ has: boolean }>("SELECT pg_has_role('bizosaas_app', 'MEMBER') AS has");
    return rows[0]?.has;
  } finally {
    await client.end();
  }
};

onPostgres('a deployment’s first login is made once, and keeps the password that it has', async () => {
  await roles().begin(first);
  await roles().begin({ ...first, password: 'another' });
  await expect(rights()).resolves.toBe(true);
  await expect(rights('another')).rejects.toMatchObject({ code: '28P01' });
});

onPostgres('a first login whose name ends like a rotated one is made all the same', async () => {
  const numbered = { ...first, user: `${first.user}_2024` };
  await roles().begin(numbered);
  await expect(rights(numbered.password, numbered.user)).resolves.toBe(true);
  await roles().retire(numbered.user);
});

onPostgres('a login that a rotation took away is not made again by the next migration', async () => {
  await roles().begin(first);
  await roles().create({ user: `${first.user}_1`, password: 'the second' }, 'a rotation');
  await roles().retire(first.user);
  await roles().begin(first);
  await expect(rights()).rejects.toMatchObject({ code: '28000' });
});
