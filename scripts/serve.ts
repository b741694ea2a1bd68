// The inner half of `npm start`, under Node 24: brings up everything, keeps it up, and takes everything down with it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvFile } from '../adapters/env-file.ts';
import { developmentEnv } from './lib/development-env.ts';
import { lastWords } from './lib/log-tail.ts';
import { chooseParts } from './lib/parts.ts';
import { markStopping, prepare } from './lib/prepare.ts';
import { run } from './lib/run.ts';
import { SetupError, fail, say, step } from './lib/say.ts';
import { startService } from './lib/service.ts';
import type { Service, ServiceOptions } from './lib/service.ts';
import { readSettings, root } from './lib/settings.ts';
import { apiService, databaseService, emulatorService, temporalService, workerService } from './lib/stack.ts';
import { onStop } from './lib/stopping.ts';
import { temporalProgram } from './lib/temporal-program.ts';

loadEnvFile();

const ONE_OFF_MS = 5 * 60_000;
const began = Date.now();
const { signal, stop } = onStop();
const services: Service[] = [];
let failed = false;

const giveUp = (error: unknown): void => {
  if (!signal.aborted) {
    fail(error);
    failed = true;
  }
  stop();
};

const bringUp = async (): Promise<void> => {
  const settings = readSettings();
  const parts = chooseParts(process.argv.slice(2));
  await prepare(settings, parts);
  const place = { logDir: settings.logDir, runDir: settings.runDir, signal };
  const env = developmentEnv(settings);

  const up = async (options: ServiceOptions): Promise<void> => {
    const service = signal.aborted ? undefined : await startService(options, giveUp, signal);
    if (service) services.push(service);
    // Never printed, as somebody else has said why we stop: it keeps the step from being called done.
    if (signal.aborted) throw new SetupError('stopped');
  };
  const runOnce = async (name: string): Promise<void> => {
    const { ok, output, logFile } = await run(
      place,
      { name, command: [process.execPath, join(root, 'scripts', `${name}.ts`)], env },
      ONE_OFF_MS,
    );
    if (!ok) throw new SetupError(`${name} failed (${lastWords(output)}): see ${logFile}.`);
  };

  await settle([
    parts.has('temporal') &&
      step('Temporal', async (progress) => up(await temporalService(settings, await temporalProgram(place, progress)))),
    parts.has('database') && step('Database', () => up(databaseService(settings))),
    parts.has('emulator') && step('Emulator of the outside world', () => up(emulatorService(settings, env))),
  ]);
  if (parts.has('migrations') && !signal.aborted) await step('Migrations', () => runOnce('migrate'));
  await settle([
    parts.has('worker') && step('Worker', () => up(workerService(settings, env))),
    parts.has('api') && step('API', () => up(apiService(settings, env))),
  ]);
  if (signal.aborted) return;
  const api = `http://127.0.0.1:${settings.apiPort}`;
  say(`\nBizOSaaS runs (${((Date.now() - began) / 1000).toFixed(1)} s). Ctrl-C stops it.`);
  if (parts.has('api')) {
    say(`  API             ${api}/api/v1`);
    say(`  API docs        ${api}/docs`);
  }
  if (parts.has('temporal')) say(`  Temporal UI     http://127.0.0.1:${settings.temporalUiPort}`);
  if (parts.has('emulator')) say(`  Emulator        http://127.0.0.1:${settings.emulatorPort}`);
  if (parts.has('api')) {
    const login = `curl -s -X POST ${api}/api/v1/auth/dev-login -H 'content-type: application/json' -d '{"email":"admin@bizosaas.local"}'`;
    say(`  Development login (super_admin), answers a token:\n    ${login}`);
  }
  say(`  Logs            ${settings.logDir}`);
  if (parts.has('demo') && existsSync(join(root, 'scripts', 'demo-seed.ts'))) {
    await step('Demo tenant', () => runOnce('demo-seed')).catch((error: unknown) => signal.aborted || fail(error));
  }
};

/** All or the first failure, but never before every one has come to rest: what is still starting must be stopped too. */
async function settle(work: (Promise<void> | false)[]): Promise<void> {
  const results = await Promise.allSettled(
    work.map((one) =>
      Promise.resolve(one).catch((error: unknown) => {
        giveUp(error);
        throw error;
      }),
    ),
  );
  const refused = results.find((result) => result.status === 'rejected');
  if (refused) throw refused.reason;
}

const takeDown = async (): Promise<void> => {
  const ground = new Set(['temporal', 'database']);
  // Those who write go first; the ground they stand on goes last.
  await Promise.all(services.filter(({ name }) => !ground.has(name)).map((service) => service.stop()));
  await Promise.all(services.map((service) => service.stop()));
};

const stopped = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
const startUp = bringUp().catch(giveUp);
await stopped;
await markStopping(readSettings()).catch(() => undefined);
if (!failed) say('• Stopping');
await takeDown();
await startUp;
await takeDown();
process.exit(failed ? 1 : 0);
