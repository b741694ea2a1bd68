import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'env-file-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** What a process of its own has in its environment once it has loaded the file. */
const loaded = async (names: string[], env: Record<string, string>): Promise<unknown> => {
  const module = JSON.stringify(new URL('./env-file.ts', import.meta.url).href);
  const script = `
    const { loadEnvFile } = await import(${module});
    loadEnvFile(${JSON.stringify(join(dir, '.env'))});
    console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => process.env[name] ?? null)));`;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
  return JSON.parse(stdout);
};

test('the file says what the environment does not, and the environment wins', async () => {
  await writeFile(join(dir, '.env'), `SECRETS='{"platform/a":{"b":"c"}}'\nBOTH=file\n`);
  await expect(loaded(['SECRETS', 'BOTH'], { BOTH: 'environment' })).resolves.toEqual([
    '{"platform/a":{"b":"c"}}',
    'environment',
  ]);
});

test('without a file nothing happens', async () => {
  await expect(loaded(['SECRETS'], {})).resolves.toEqual([null]);
});
