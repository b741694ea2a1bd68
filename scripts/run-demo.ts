// The inner half of `npm run demo`: plays the main job against the running product, or starts one for as long as it lasts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { emulatedModels } from './demo/agents.ts';
import { createClaims } from './demo/claims.ts';
import { emulatedSite } from './demo/main-job.ts';
import { play } from './demo/play.ts';
import { SetupError, fail } from './lib/say.ts';
import { readSettings, root } from './lib/settings.ts';
import { onStop } from './lib/stopping.ts';
import { until } from './lib/until.ts';

const START_MS = 15 * 60_000;
const json = process.argv.includes('--json');
// With --json, standard output holds that one object and nothing else.
const say = (line: string): void => (json ? console.error(line) : console.log(line));

const settings = readSettings();
const apiUrl = `http://127.0.0.1:${settings.apiPort}`;
const { signal, stop } = onStop();

const isReady = async (): Promise<boolean> => (await fetch(`${apiUrl}/readyz`)).ok;

const startProduct = async () => {
  say('• Nothing runs yet, so the product is started for this demo');
  const parts = 'temporal,database,emulator,migrations,worker,api';
  const child = spawn(process.execPath, [join(root, 'scripts', 'serve.ts'), `--only=${parts}`], {
    cwd: root,
    stdio: ['ignore', json ? 2 : 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const exited = once(child, 'exit');
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  void exited.then(stop);
  const ready = await until(async () => signal.aborted || ((await isReady()) ? true : undefined), START_MS, 250);
  if (!ready || signal.aborted) throw new SetupError('the product did not start: see what it said above.');
  return async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
  };
};

const claims = createClaims(say);
let stopProduct = async (): Promise<void> => undefined;
let failure: string | null = null;
try {
  if (!(await isReady().catch(() => false))) stopProduct = await startProduct();
  const emulatorUrl = `http://127.0.0.1:${settings.emulatorPort}`;
  const models = emulatedModels(emulatorUrl);
  await play({ apiUrl, site: emulatedSite(emulatorUrl), dataDir: settings.dataDir }, models, claims);
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
  fail(error);
}
const broken = claims.claims.filter(({ ok }) => !ok);
const ok = failure === null && broken.length === 0 && claims.claims.length > 0;
if (json) console.log(JSON.stringify({ ok, tookMs: claims.tookMs(), claims: claims.claims, failure }));
else say(`\n${ok ? '✓' : '✗'} ${claims.claims.length - broken.length} of ${claims.claims.length} claims hold`);
await stopProduct();
process.exit(ok ? 0 : 1);
