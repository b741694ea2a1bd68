import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './say.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Built or downloaded programs live here, shared by all clones of one person. */
export const cacheDir = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bizosaas');

const port = (name: string, fallback: number): number => {
  const value = Number(process.env[name] ?? fallback);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new SetupError(
    `${name} is "${process.env[name]}", which is no port: set it to a number from 1 to 65535 or unset it.`,
  );
};

export interface Settings {
  dataDir: string;
  logDir: string;
  runDir: string;
  apiPort: number;
  emulatorPort: number;
  databasePort: number;
  temporalPort: number;
  temporalUiPort: number;
}

export const readSettings = (): Settings => {
  const dataDir = resolve(process.env.BIZ_DATA_DIR ?? join(root, '.data'));
  return {
    dataDir,
    logDir: join(dataDir, 'logs'),
    runDir: join(dataDir, 'run'),
    apiPort: port('API_PORT', 3000),
    emulatorPort: port('EMULATOR_PORT', 3005),
    databasePort: port('DATABASE_PORT', 5439),
    temporalPort: port('TEMPORAL_PORT', 7233),
    temporalUiPort: port('TEMPORAL_UI_PORT', 8233),
  };
};
