import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../.env', import.meta.url));

/** What `.env` beside package.json says and the environment does not. A test says all itself. */
export const loadEnvFile = (file = FILE): void => {
  if (process.env.NODE_ENV === 'test' && file === FILE) return;
  try {
    process.loadEnvFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};
