import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import pg from 'pg';
import { freePort } from '../../scripts/lib/ports.ts';
import { MIGRATIONS_DIR, migrate } from './migrate.ts';
import type { Database } from './pool.ts';
import { serveEmbedded } from './embedded.ts';
import { openPostgres } from './pool.ts';

export interface TestDatabase {
  /** A login of its own that owns nothing (PGlite has one login only: there it is the superuser, and steps down in `inTenant`). */
  url: string;
  /** A superuser's login, for what a test must do behind the product's back. */
  adminUrl: string;
  db: Database;
  engine: 'postgres' | 'pglite';
  close: () => Promise<void>;
}

const TEMPLATE_LOCK = 7_262_001;

const at = (url: string, database: string, user?: string) => {
  const to = new URL(url);
  to.pathname = `/${database}`;
  if (user) [to.username, to.password] = [user, user];
  return to.href;
};

const asAdmin = async <Result>(url: string, fn: (client: pg.Client) => Promise<Result>): Promise<Result> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
};

const migrationsHash = async () => {
  const hash = createHash('sha256');
  for (const name of (await readdir(MIGRATIONS_DIR)).sort())
    hash.update(name).update(await readFile(join(MIGRATIONS_DIR, name)));
  return hash.digest('hex').slice(0, 12);
};

/** One migrated template a version of the migrations; a new database is a copy of it, in a fraction of the time. */
const template = async (admin: pg.Client, serverUrl: string): Promise<string> => {
  const name = `bizosaas_template_${await migrationsHash()}`;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate', [name]);
    if (rowCount === 0) {
      // A database of this name that is no template yet was left by a run that was killed half-way.
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${name}`);
      await migrate(at(serverUrl, name));
      await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
    }
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return name;
};

const onPostgres = async (serverUrl: string, max: number): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(serverUrl, async (admin) => {
    const source = await template(admin, serverUrl);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${source}`);
    await admin.query(`CREATE ROLE ${name} LOGIN IN ROLE bizosaas_app PASSWORD '${name}'`);
  });
  const url = at(serverUrl, name, name);
  const db = openPostgres(url, { max });
  return {
    url,
    adminUrl: at(serverUrl, name),
    db,
    engine: 'postgres',
    async close() {
      await db.close();
      await asAdmin(serverUrl, async (admin) => {
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        // Also those that came after it by rotation.
        const logins = 'SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)';
        const { rows } = await admin.query<{ rolname: string }>(logins, [name]);
        for (const { rolname } of rows) await admin.query(`DROP ROLE ${rolname}`);
      });
    },
  };
};

/** The embedded database itself, for what it alone gets wrong. */
export const onPglite = async (max: number): Promise<TestDatabase> => {
  const embedded = await PGlite.create({ extensions: { vector } });
  const port = await freePort();
  const server = serveEmbedded(embedded, { host: '127.0.0.1', port, maxConnections: 40 });
  await server.start();
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres?sslmode=disable`;
  await migrate(url);
  const db = openPostgres(url, { max });
  return {
    url,
    adminUrl: url,
    db,
    engine: 'pglite',
    async close() {
      await db.close();
      await server.stop();
      await embedded.close();
    },
  };
};

/**
 * A migrated, empty database of its own for one test file: on the real PostgreSQL of the run when TEST_DATABASE_URL
 * names one (as superuser), else on a PGlite in this process.
 */
export const freshDatabase = ({ max = 5 }: { max?: number } = {}): Promise<TestDatabase> => {
  const serverUrl = process.env['TEST_DATABASE_URL'];
  return serverUrl ? onPostgres(serverUrl, max) : onPglite(max);
};
