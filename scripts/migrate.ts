import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { openPostgres } from '../adapters/postgres/pool.ts';
import { Email } from '../ports/ids.ts';

/** Brings the database of DATABASE_ADMIN_URL (else DATABASE_URL) to this version. Prints one line. */
const { DATABASE_ADMIN_URL, DATABASE_URL, NODE_ENV = 'development' } = process.env;
const DEVELOPMENT_LOGIN = Email.parse('admin@bizosaas.local');

const run = async (): Promise<string> => {
  const adminUrl = DATABASE_ADMIN_URL || DATABASE_URL;
  if (!adminUrl) throw new Error('DATABASE_URL is not set; set it to the PostgreSQL to migrate.');
  const applied = await migrate(adminUrl, (line) => console.error(line));
  const said = applied.length === 0 ? 'The database is up to date' : `Migrated the database: ${applied.join(', ')}`;
  if (NODE_ENV !== 'development') return `${said}.`;
  const db = openPostgres(DATABASE_URL || adminUrl, { max: 1 });
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
