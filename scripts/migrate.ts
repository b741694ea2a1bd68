import { loadEnvFile } from '../adapters/env-file.ts';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { loginRoles } from '../adapters/postgres/login-roles.ts';
import { loginIn } from '../adapters/postgres/logins.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { openPostgres } from '../adapters/postgres/pool.ts';
import { Email } from '../ports/ids.ts';

loadEnvFile();

/** Brings the database of DATABASE_ADMIN_URL (else DATABASE_URL) to this version, and makes the login of DATABASE_URL at first. Prints one line. */
const { DATABASE_ADMIN_URL, DATABASE_URL, NODE_ENV = 'development' } = process.env;
const DEVELOPMENT_LOGIN = Email.parse('admin@bizosaas.local');

const run = async (): Promise<string> => {
  const adminUrl = DATABASE_ADMIN_URL || DATABASE_URL;
  if (!adminUrl) throw new Error('DATABASE_URL is not set; set it to the PostgreSQL to migrate.');
  const applied = await migrate(adminUrl, (line) => console.error(line));
  const login = DATABASE_ADMIN_URL && DATABASE_URL ? loginIn(DATABASE_URL) : null;
  if (login !== null && login.user !== loginIn(adminUrl)?.user) await loginRoles(adminUrl).begin(login);
  const said = applied.length === 0 ? 'The database is up to date' : `Migrated the database: ${applied.join(', ')}`;
  if (NODE_ENV !== 'development') return `${said}.`;
  // Not the login of DATABASE_URL, which a rotation may have left behind.
  const db = openPostgres(adminUrl, { max: 1 });
  try {
    await seedPlatformRole(db, DEVELOPMENT_LOGIN, 'super_admin');
  } finally {
    await db.close();
  }
  return `${said}; ${DEVELOPMENT_LOGIN} may sign in as super_admin.`;
};

try {
  console.log(await run());
} catch (error) {
  console.error(
    `The database was not migrated: ${error instanceof Error ? error.message || error.name : String(error)}`,
  );
  process.exitCode = 1;
}
