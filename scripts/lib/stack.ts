import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from './child.ts';
import { readyLine } from './log-tail.ts';
import type { ServiceOptions } from './service.ts';
import { root } from './settings.ts';
import type { Settings } from './settings.ts';
import { temporalAnswers, temporalCommand, temporalState } from './temporal.ts';

const READY_MS = 60_000;
const LOOPBACK = '127.0.0.1';

const saysReady = async (child: Child): Promise<true | undefined> =>
  readyLine(await child.output()) ? true : undefined;

const entry = (file: string): [string] => [join(root, file)];

/** V8 grows as far as the machine lets it; a worker that holds 10,000 connections needs no more than this (in MiB). */
export const WORKER_HEAP = ['--max-semi-space-size=4', '--max-old-space-size=320'] as const;

/** How each process of a development start is started, and how it is known to be ready. */
export const temporalService = async (settings: Settings, program: string): Promise<ServiceOptions> => {
  const { temporalPort: port, temporalUiPort: uiPort, apiPort, dataDir, logDir, runDir } = settings;
  const codecUrl = `http://${LOOPBACK}:${apiPort}/api/v1/codec`;
  const { file, old } = await temporalState(dataDir);
  return {
    name: 'temporal',
    kind: 'guarded',
    command: temporalCommand({ program, port, uiPort, codecUrl, file }),
    // Environment profiles of the person's own Temporal CLI have no say in our server.
    env: { TEMPORAL_ADDRESS: undefined, TEMPORAL_NAMESPACE: undefined, TEMPORAL_API_KEY: undefined },
    logDir,
    runDir,
    readyMs: READY_MS,
    isReady: async (child) => (await temporalAnswers(`${LOOPBACK}:${port}`, 0, child.ended)) || undefined,
    blame: {
      what: 'Temporal',
      port: { number: port, variable: 'TEMPORAL_PORT' },
      ...(old ? { state: join(dataDir, 'temporal') } : {}),
    },
  };
};

export const databaseUrl = ({ databasePort }: Settings): string =>
  `postgres://postgres:postgres@${LOOPBACK}:${databasePort}/postgres?sslmode=disable`;

export const databaseService = ({ dataDir, databasePort: port, logDir, runDir }: Settings): ServiceOptions => {
  const folder = join(dataDir, 'postgres');
  return {
    name: 'database',
    kind: 'ours',
    command: entry('scripts/database.ts'),
    env: { BIZ_DATA_DIR: dataDir, DATABASE_PORT: String(port) },
    logDir,
    runDir,
    readyMs: READY_MS,
    isReady: saysReady,
    blame: {
      what: 'The embedded database',
      port: { number: port, variable: 'DATABASE_PORT' },
      ...(existsSync(folder) ? { state: folder } : {}),
    },
  };
};

type Env = Record<string, string | undefined>;

export const emulatorService = (
  { emulatorPort: port, dataDir, logDir, runDir }: Settings,
  env: Env,
): ServiceOptions => ({
  name: 'emulator',
  kind: 'ours',
  command: entry('emulator/main.ts'),
  env: { ...env, EMULATOR_PORT: String(port), EMULATOR_DATA_DIR: join(dataDir, 'emulator') },
  logDir,
  runDir,
  readyMs: READY_MS,
  isReady: saysReady,
  blame: { what: 'The emulator', port: { number: port, variable: 'EMULATOR_PORT' } },
});

export const workerService = ({ logDir, runDir }: Settings, env: Env): ServiceOptions => ({
  name: 'worker',
  kind: 'ours',
  command: [...WORKER_HEAP, ...entry('workers/main.ts')],
  env,
  logDir,
  runDir,
  readyMs: 2 * READY_MS,
  isReady: saysReady,
  blame: { what: 'The worker' },
});

export const apiService = ({ apiPort: port, logDir, runDir }: Settings, env: Env): ServiceOptions => ({
  name: 'api',
  kind: 'ours',
  command: entry('api/main.ts'),
  env,
  logDir,
  runDir,
  readyMs: READY_MS,
  isReady: async () => {
    const { ok } = await fetch(`http://${LOOPBACK}:${port}/readyz`, { signal: AbortSignal.timeout(3000) });
    return ok || undefined;
  },
  blame: { what: 'The API', port: { number: port, variable: 'API_PORT' } },
});
