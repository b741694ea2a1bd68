import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { root } from './lib/settings.ts';

const ROOMS = ['workflows', 'activities', 'ports', 'agents'];
const CONFIGS = ['package.json', 'tsconfig.json', 'tsconfig.core.json', 'eslint.config.mjs', '.dependency-cruiser.cjs'];
let house = '';

/** A copy of the rooms the guards watch, with the house's own rules: a probe in it disturbs nobody. */
beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'biz-guards-'));
  await Promise.all(ROOMS.map((room) => cp(join(root, room), join(house, room), { recursive: true })));
  await Promise.all(CONFIGS.map((file) => cp(join(root, file), join(house, file))));
  await cp(join(root, 'adapters', 'env.ts'), join(house, 'adapters', 'probe.ts'));
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'));
});

afterAll(() => rm(house, { recursive: true, force: true }));

const judge = (tool: string, args: string[]): Promise<string> =>
  new Promise((done) => {
    execFile(join(root, 'node_modules', '.bin', tool), args, { cwd: house }, (_error, stdout, stderr) =>
      done(`${stdout}${stderr}`),
    );
  });

/** What the judge says about a workflow with this text. */
const verdict = async (text: string, tool: string, args: string[]): Promise<string[]> => {
  const probe = join(house, 'workflows', 'probe.ts');
  await writeFile(probe, text);
  try {
    return (await judge(tool, args)).split('\n').filter((line) => line.includes('probe') || line.includes('error  '));
  } finally {
    await rm(probe);
  }
};

const types = ['-p', 'tsconfig.core.json'];
const law = ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'workflows'];
const lint = ['workflows/probe.ts'];
const harmless = 'export const harmless = (given: number): number => given + 1;\n';

test.each(['process.exit();', 'setTimeout(() => undefined, 1);', "fetch('https://example.com');", "Buffer.from('x');"])(
  'the core types refuse a workflow that says %s',
  async (line) => {
    const name = /^\w+/.exec(line)?.[0] ?? '';
    expect(await verdict(`${harmless}${line}\n`, 'tsc', types)).toEqual([
      expect.stringMatching(new RegExp(`^workflows/probe\\.ts\\(2,1\\): error TS\\d+: Cannot find name '${name}'`)),
    ]);
  },
);

test('the core types refuse a workflow that imports a module of Node', async () => {
  const text = "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n";
  expect(await verdict(text, 'tsc', types)).toEqual([expect.stringContaining('workflows/probe.ts(1,')]);
});

test('the import law refuses a workflow that imports an adapter', async () => {
  const text = "import * as adapter from '../adapters/probe.ts';\nexport const found = adapter;\n";
  const said = await verdict(text, 'depcruise', law);
  expect(said).toContainEqual(expect.stringContaining('workflows-run-alone: workflows/probe.ts → adapters/probe.ts'));
});

test('lint refuses a workflow that does not await a promise', async () => {
  const text = 'const work = async (): Promise<void> => undefined;\nexport const go = (): void => {\n  work();\n};\n';
  const said = await verdict(text, 'eslint', lint);
  expect(said).toContainEqual(expect.stringContaining('@typescript-eslint/no-floating-promises'));
});

test.each([
  ['the core types', 'tsc', types],
  ['the import law', 'depcruise', law],
  ['lint', 'eslint', lint],
])('%s let a harmless workflow pass', async (_what, tool, args) => {
  expect((await verdict(harmless, tool, args)).filter((line) => line.includes('probe.ts'))).toEqual([]);
});
