import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { root } from './lib/settings.ts';

const ROOMS = ['workflows', 'activities', 'ports', 'agents'];
const CONFIGS = [
  'package.json',
  'tsconfig.json',
  'tsconfig.core.json',
  'core-types.d.ts',
  'eslint.config.mjs',
  '.dependency-cruiser.cjs',
];
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
    // Each tool is a script for `node`, and that must be the house's own.
    const bin = join(root, 'node_modules', '.bin');
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
    execFile(join(bin, tool), args, { cwd: house, env }, (_error, stdout, stderr) => done(`${stdout}${stderr}`));
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

test('the core types refuse a workflow that touches Node, the clock or the network', async () => {
  const touches = [
    'process.exit();',
    'setTimeout(() => undefined, 1);',
    "fetch('https://example.com');",
    "Buffer.from('x');",
  ];
  const text = ["import { readFileSync } from 'node:fs';", ...touches, 'export const read = readFileSync;\n'].join(
    '\n',
  );
  const said = await verdict(text, 'tsc', types);
  expect(said).toEqual(
    ['node:fs', 'process', 'setTimeout', 'fetch', 'Buffer'].map((name, line) =>
      expect.stringMatching(new RegExp(`^workflows/probe\\.ts\\(${line + 1},.*Cannot find .*'${name}'`)),
    ),
  );
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
