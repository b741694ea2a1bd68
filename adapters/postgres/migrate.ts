import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

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
    logger: { info: () => undefined, warn: log, error: log },
  });
  return applied.map(({ name }) => name);
};
