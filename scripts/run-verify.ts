// The inner half of `npm run verify`, under Node 24: every judge of the house, one line each; all run, one failure fails.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './lib/run.ts';
import { say } from './lib/say.ts';
import { root } from './lib/settings.ts';
import { onStop } from './lib/stopping.ts';

const exec = promisify(execFile);
const COMPOSE = 'docker-compose.temporal.yml';
const ROOMS = [
  'workflows',
  'activities',
  'ports',
  'adapters',
  'workers',
  'agents',
  'api',
  'emulator',
  'bench',
  'scripts',
];
const { signal } = onStop();
const tool = (name: string): string => join(root, 'node_modules', '.bin', name);
const rooms = ROOMS.filter((room) => existsSync(join(root, room)));

interface Check {
  name: string;
  program: string;
  args: string[];
}

const checks: Check[] = [
  { name: 'format', program: tool('prettier'), args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'types', program: tool('tsc'), args: ['-p', 'tsconfig.json'] },
  { name: 'types of the core, without Node', program: tool('tsc'), args: ['-p', 'tsconfig.core.json'] },
  { name: 'import law', program: tool('depcruise'), args: ['--config', '.dependency-cruiser.cjs', ...rooms] },
  { name: 'lint', program: tool('eslint'), args: ['--max-warnings', '0', '.'] },
  { name: 'dead code', program: tool('knip'), args: ['--no-progress'] },
];

interface Failure {
  stdout?: string;
  stderr?: string;
}

const passes = async ({ name, program, args }: Check): Promise<boolean> => {
  const began = Date.now();
  const took = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  try {
    await exec(program, args, { cwd: root, maxBuffer: 64 * 1024 * 1024, signal });
    say(`✓ ${name} (${took()})`);
    return true;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Failure;
    const said = `${stdout}${stderr}`.trim() || String(error);
    say(`✗ ${name} (${took()})\n${said}`);
    return false;
  }
};

/** Docker Compose judges its own file, where it is there: the plugin and the program of that name are both common. */
const composeCheck = async (): Promise<Check | string> => {
  if (!existsSync(join(root, COMPOSE))) return `${COMPOSE} is not there`;
  const docker = await onPath('docker');
  const plugin = docker ? await exec(docker, ['compose', 'version']).catch(() => undefined) : undefined;
  const args = ['-f', COMPOSE, 'config', '-q'];
  if (docker && plugin) return { name: 'compose file', program: docker, args: ['compose', ...args] };
  const standalone = await onPath('docker-compose');
  return standalone ? { name: 'compose file', program: standalone, args } : 'docker compose is not there';
};

const results: boolean[] = [];
for (const check of checks) if (!signal.aborted) results.push(await passes(check));
const compose = await composeCheck();
if (typeof compose === 'string') say(`skipped: compose file: ${compose}`);
else results.push(await passes(compose));
if (signal.aborted) process.exit(130);
const failures = results.filter((passed) => !passed).length;
say(failures === 0 ? '✓ all is well' : `✗ ${failures} of ${results.length} checks failed`);
process.exit(failures === 0 ? 0 : 1);
