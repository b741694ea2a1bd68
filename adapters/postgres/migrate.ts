import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { asFault } from './faults.ts';

export const MIGRATIONS_DIR = fileURLToPath(new URL('./migrations', import.meta.url));

/**
 * Brings the database to this version; forward only, all or nothing. Processes that migrate at once wait for each other.
 * Returns the names of what was applied.
 */
export const migrate = async (adminUrl: string, log: (line: string) => void = () => undefined): Promise<string[]> => {
  const applied = await runner({
    databaseUrl: adminUrl,
    dir: MIGRATIONS_DIR,
    direction: 'up',
    migrationsTable: 'schema_migrations',
    advisoryLockMode: 'wait',
    // An error is thrown as well: said once, by whoever catches it.
    logger: { info: () => undefined, warn: log, error: () => undefined },
  }).catch((error: unknown) => {
    throw asFault(error);
  });
  return applied.map(({ name }) => name);
};
