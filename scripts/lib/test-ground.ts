import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startChild } from './child.ts';
import { ensurePackages } from './debian.mjs';
import { goProgram, MINIO, STRIPE_MOCK } from './go-program.ts';
import { netNamespacePrefix } from './net-namespace.ts';
import { freePort } from './ports.ts';
import type { Place } from './run.ts';
import { SetupError, say, step } from './say.ts';
import { root } from './settings.ts';
import { temporalAnswers, temporalCommand } from './temporal.ts';
import { temporalProgram } from './temporal-program.ts';
import { temporalServer } from './temporal-server.ts';
import { startTestPostgres } from './test-postgres.ts';
import type { TestPostgres } from './test-postgres.ts';
import { timeSkippingServer } from './time-skipping.ts';
import { vaultProgram } from './vault-program.ts';

const READY_MS = 60_000;

type Stop = () => Promise<void>;

export interface Ground {
  /** Given to the tests: what they can reach. */
  env: Record<string, string>;
  postgres?: TestPostgres;
  timeSkipping?: { program: string; prefix: [string, ...string[]] };
  /** One line for each part that cannot be had here. */
  skips: string[];
}

interface WordPressModule {
  /** What it returns is given to the tests as JSON, its functions left out. */
  startWordPress: (options: { log: (line: string) => void }) => Promise<{ stop: Stop }>;
}

const startTemporal = async (place: Place, ground: Ground, stops: Stop[], progress: (now: string) => void) => {
  const program = await temporalProgram(place, progress);
  const port = await freePort();
  const { logDir, runDir } = place;
  // Twice as many requests as a person's server takes: two jest workers start and list a lot at once.
  const command = [...temporalCommand({ program, port }), '--dynamic-config-value', 'frontend.namespaceRPS=10000'];
  const [first = '', ...rest] = command;
  const child = await startChild({ name: 'temporal', kind: 'guarded', command: [first, ...rest], logDir, runDir });
  stops.push(child.stop);
  const address = `127.0.0.1:${port}`;
  if (!(await temporalAnswers(address, READY_MS, () => child.ended() || place.signal.aborted))) {
    throw new SetupError(`Temporal did not start: see ${child.logFile}.`);
  }
  ground.env.TEST_TEMPORAL_ADDRESS = address;
  // For tests that kill or restart a server of their own.
  ground.env.TEST_TEMPORAL_PROGRAM = program;
};

const startPostgres = async (place: Place, temp: string, ground: Ground, stops: Stop[]) => {
  const postgres = await startTestPostgres(place, temp);
  stops.push(postgres.child.stop);
  ground.postgres = postgres;
  ground.env.TEST_DATABASE_URL = postgres.url;
  ground.env.TEST_POSTGRES_BIN = postgres.bin;
};

const startWordPress = async (ground: Ground, stops: Stop[], progress: (now: string) => void) => {
  const file = join(root, 'scripts', 'wordpress.mjs');
  if (!existsSync(file)) throw new Error('scripts/wordpress.mjs is not there');
  const { startWordPress: start } = (await import(pathToFileURL(file).href)) as WordPressModule;
  const wordpress = await start({ log: progress });
  stops.push(wordpress.stop);
  ground.env.TEST_WORDPRESS = JSON.stringify(wordpress);
};

/** A real browser for what people see. One that the environment names is taken as it is. */
const findChromium = async (ground: Ground, progress: (now: string) => void) => {
  const named = process.env['TEST_CHROMIUM'];
  if (named === undefined) await ensurePackages('Chromium', ['chromium'], progress);
  ground.env.TEST_CHROMIUM = named ?? '/usr/bin/chromium';
};

const findRedis = async (ground: Ground, progress: (now: string) => void) => {
  const named = process.env['TEST_REDIS_PROGRAM'];
  if (named === undefined) await ensurePackages('Redis', ['redis-server'], progress);
  ground.env.TEST_REDIS_PROGRAM = named ?? '/usr/bin/redis-server';
};

const mentions = async (files: string[], word: string): Promise<boolean> =>
  (await Promise.all(files.map((file) => readFile(file, 'utf8')))).some((text) => text.includes(word));

/**
 * Brings up what the test files given need, side by side. What cannot be had on this machine is named in `skips`, and its
 * tests skip themselves; only Temporal is no choice, as nearly every test stands on it.
 */
export const prepareGround = async (
  place: Place,
  temp: string,
  { files, stops }: { files: { plain: string[]; timeSkipping: string[] }; stops: Stop[] },
): Promise<Ground> => {
  const ground: Ground = { env: {}, skips: [] };
  const orSkip = async (what: string, work: (progress: (now: string) => void) => Promise<void>): Promise<void> => {
    if (place.signal.aborted) return;
    await step(what, work).catch((error: unknown) => {
      if (place.signal.aborted) return;
      const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
      ground.skips.push(`${what}: ${why}`);
      say(`skipped: ${what}: ${why}`);
    });
  };
  const work: Promise<void>[] = [
    orSkip('PostgreSQL 16 with pgvector', () => startPostgres(place, temp, ground, stops)),
  ];
  if (files.plain.length > 0) {
    work.push(step('Temporal, in memory', (progress) => startTemporal(place, ground, stops, progress)));
  }
  if (files.timeSkipping.length > 0) {
    work.push(
      orSkip('Time-skipping Temporal', async () => {
        const prefix = await netNamespacePrefix();
        ground.timeSkipping = { prefix, program: await timeSkippingServer(place) };
      }),
    );
  }
  if (await mentions(files.plain, 'TEST_WORDPRESS')) {
    work.push(orSkip('WordPress', (progress) => startWordPress(ground, stops, progress)));
  }
  if (await mentions(files.plain, 'TEST_REDIS_PROGRAM')) {
    work.push(orSkip('Redis', (progress) => findRedis(ground, progress)));
  }
  if (await mentions(files.plain, 'TEST_CHROMIUM')) {
    work.push(orSkip('Chromium', (progress) => findChromium(ground, progress)));
  }
  if (await mentions(files.plain, 'TEST_TEMPORAL_SERVER')) {
    work.push(
      orSkip('Temporal server as in production', async (progress) => {
        ground.env.TEST_TEMPORAL_SERVER = JSON.stringify(await temporalServer(place, progress));
      }),
    );
  }
  const programs: [what: string, variable: string, get: (progress: (now: string) => void) => Promise<string>][] = [
    ['Vault', 'TEST_VAULT_PROGRAM', (progress) => vaultProgram(place, progress)],
    ['stripe-mock', 'TEST_STRIPE_MOCK_PROGRAM', (progress) => goProgram(STRIPE_MOCK, place, progress)],
    ['MinIO', 'TEST_MINIO_PROGRAM', (progress) => goProgram(MINIO, place, progress)],
  ];
  for (const [what, variable, get] of programs) {
    if (!(await mentions(files.plain, variable))) continue;
    work.push(orSkip(what, async (progress) => void (ground.env[variable] = await get(progress))));
  }
  const results = await Promise.allSettled(work);
  const refused = results.find((result) => result.status === 'rejected');
  if (refused) throw refused.reason;
  return ground;
};
