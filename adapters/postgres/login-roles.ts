import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Fault } from '../../ports/errors.ts';
import { asFault, hasSqlState, isLoginRefused } from './faults.ts';
import type { Login } from './logins.ts';
import { scramVerifier } from './scram.ts';

const APP_ROLE = 'bizosaas_app';
const CONNECT_MS = 5000;
const STATEMENT_MS = 20_000;
/** A role's name has 63 bytes at most. */
const BASE_LENGTH = 50;
const LEAVE_MS = 10_000;
const LOOK_MS = 100;

/** The logins of the product, as whoever may create roles makes and takes them. All of it may be asked twice. */
export interface LoginRoles {
  /** Makes the deployment's first login. Silent when it is there, or was, and rotations have gone on from it. */
  begin: (login: Login) => Promise<void>;
  /** The free name that follows: `app` → `app_1` → `app_2`. */
  nextName: (user: string) => Promise<string>;
  /** Makes the login, or gives it this password where it was made for the same `mark`. `conflict` when it is another's. */
  create: (login: Login, mark: string) => Promise<void>;
  /** Who is connected by this login, as a sentence; null: nobody. */
  inUse: (user: string) => Promise<string | null>;
  /**
   * Nobody logs in by it any more; connections leave when they are idle, and the login goes when the last one left, else
   * `unavailable`. Silent when it is gone. Returns a sentence that says what only a person can do.
   */
  retire: (user: string) => Promise<string | null>;
}

const sees = (error: unknown): unknown => {
  const mend = 'give it CREATEROLE, and bizosaas_app WITH ADMIN OPTION';
  if (hasSqlState(error, '42501'))
    return new Fault('unprocessable', `The login of DATABASE_ADMIN_URL may not manage logins; ${mend}.`);
  if (isLoginRefused(error))
    return new Fault(
      'unavailable',
      'The database refuses the login of DATABASE_ADMIN_URL; correct its user and password.',
    );
  return asFault(error);
};

const asAdmin = async <Result>(adminUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw sees(error);
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** What the names of one line of logins begin with. */
const baseOf = (user: string): string => user.replace(/_\d+$/, '').slice(0, BASE_LENGTH);

const nextName = async (client: pg.Client, user: string): Promise<string> => {
  const base = baseOf(user);
  const { rows } = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)',
    [`${base}_`],
  );
  const taken = rows.map(({ rolname }) => /^\d{1,9}$/.exec(rolname.slice(base.length + 1))?.[0] ?? '0').map(Number);
  return `${base}_${Math.max(0, ...taken) + 1}`;
};

const create = async (client: pg.Client, { user, password }: Login, mark: string): Promise<void> => {
  const role = client.escapeIdentifier(user);
  const verifier = client.escapeLiteral(await scramVerifier(password, randomBytes(16)));
  const { rows } = await client.query<{ mark: string | null }>(
    "SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1",
    [user],
  );
  if (rows[0] && rows[0].mark !== mark)
    throw new Fault('conflict', `The database has a login “${user}” already; begin the rotation again.`);
  if (rows[0]) {
    await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${verifier}`);
    return;
  }
  await client.query('BEGIN');
  await client.query(`CREATE ROLE ${role} LOGIN IN ROLE ${APP_ROLE} PASSWORD ${verifier}`);
  await client.query(`COMMENT ON ROLE ${role} IS ${client.escapeLiteral(mark)}`);
  await client.query('COMMIT');
};

const begin = async (client: pg.Client, login: Login): Promise<void> => {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [login.user]);
  const isFirst = (await nextName(client, login.user)) === `${baseOf(login.user)}_1`;
  if (rowCount === 0 && isFirst) await create(client, login, 'made by the migration');
};

const inUse = async (client: pg.Client, user: string): Promise<string | null> => {
  // Who may not see more of a session sees that it is there.
  const { rows } = await client.query<{ count: string; from: string | null }>(
    `SELECT count(*) AS count, string_agg(DISTINCT concat_ws(' at ', nullif(application_name, ''), host(client_addr)), ', ') AS from
     FROM pg_stat_activity WHERE usename = $1`,
    [user],
  );
  const [{ count, from } = { count: '0', from: null }] = rows;
  if (count === '0') return null;
  const connections = count === '1' ? '1 connection still uses' : `${count} connections still use`;
  return `${connections} the database login “${user}”${from ? ` (${from})` : ''}.`;
};

const leave = async (client: pg.Client, user: string): Promise<void> => {
  const until = performance.now() + LEAVE_MS;
  for (;;) {
    // One in the middle of a transaction is let finish it; then its process connects anew, by another login.
    const idle = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND state = 'idle'";
    await client.query(idle, [user]).catch((error: unknown) => {
      if (!hasSqlState(error, '42501')) throw error;
    });
    const who = await inUse(client, user);
    if (who === null) return;
    if (performance.now() > until)
      throw new Fault('unavailable', `${who} It goes when they end: they are asked again in a while.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

const retire = async (client: pg.Client, user: string): Promise<string | null> => {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [user]);
  if (rowCount === 0) return null;
  const role = client.escapeIdentifier(user);
  const refused = (error: unknown): string => {
    if (hasSqlState(error, '42501'))
      return `The login of DATABASE_ADMIN_URL may not drop the database login “${user}”: drop it as a superuser.`;
    // Dependent objects still exist.
    if (hasSqlState(error, '2BP01'))
      return `The database login “${user}” may not log in any more, but owns objects or rights: REASSIGN OWNED, DROP OWNED, then drop it.`;
    throw error;
  };
  try {
    await client.query(`ALTER ROLE ${role} NOLOGIN`);
    await leave(client, user);
    await client.query(`DROP ROLE IF EXISTS ${role}`);
    return null;
  } catch (error) {
    return refused(error);
  }
};

export const loginRoles = (adminUrl: string): LoginRoles => ({
  begin: (login) => asAdmin(adminUrl, (client) => begin(client, login)),
  nextName: (user) => asAdmin(adminUrl, (client) => nextName(client, user)),
  create: (login, mark) => asAdmin(adminUrl, (client) => create(client, login, mark)),
  inUse: (user) => asAdmin(adminUrl, (client) => inUse(client, user)),
  retire: (user) => asAdmin(adminUrl, (client) => retire(client, user)),
});
