import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A folder with what the image is made of, and nothing else of the repository. */
let app = '';

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'biz-image-'));
  const lines = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).split('\n');
  for (const line of lines.filter((each) => each.startsWith('COPY '))) {
    const names = line.split(' ').slice(1);
    const target = names.pop() ?? '';
    const isFolder = target.endsWith('/');
    for (const name of names) {
      const to = isFolder ? join(app, target, name.split('/').at(-1) ?? '') : join(app, target);
      await cp(join(ROOT, name), to, { recursive: true });
    }
  }
  await symlink(join(ROOT, 'node_modules'), join(app, 'node_modules'));
});
afterAll(() => rm(app, { recursive: true, force: true }));

/** What each says when it is told nothing: its own words, of all that it imports. */
const STARTS: [string, string][] = [
  ['api/main.ts', 'The environment does not fit'],
  ['workers/main.ts', 'The environment does not fit'],
  ['scripts/migrate.ts', 'DATABASE_URL is not set'],
  ['scripts/vault-init.ts', 'VAULT_ADDR is not set'],
];

test.each(STARTS)('%s finds in the image all that it needs to start', async (entry, words) => {
  const env = { PATH: process.env.PATH ?? '' };
  const ended = promisify(execFile)(process.execPath, [entry], { cwd: app, env });
  await expect(ended).rejects.toMatchObject({ stderr: expect.stringContaining(words) as unknown });
});
