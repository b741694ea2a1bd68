import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TenantId } from '../../ports/ids.ts';
import { folderObjects } from './folder.ts';

const tenant = TenantId.parse('11111111-1111-4111-8111-111111111111');
const other = TenantId.parse('22222222-2222-4222-8222-222222222222');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'objects-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('an object is put, put again, listed by prefix and read, for its tenant alone', async () => {
  const objects = folderObjects(dir);
  await objects.put(tenant, 'contacts/run/000001.jsonl', 'one\n');
  await objects.put(tenant, 'contacts/run/000001.jsonl', 'two 🎉\n');
  await objects.put(tenant, 'contacts/other.jsonl', '');
  await expect(objects.get(tenant, 'contacts/run/000001.jsonl')).resolves.toBe('two 🎉\n');
  await expect(objects.list(tenant, 'contacts/run/')).resolves.toEqual(['contacts/run/000001.jsonl']);
  await expect(objects.list(tenant, '')).resolves.toHaveLength(2);
  await expect(objects.list(other, '')).resolves.toEqual([]);
  await expect(objects.get(other, 'contacts/other.jsonl')).rejects.toMatchObject({ code: 'not_found' });
});

test('readers see a whole object at every moment while it is replaced', async () => {
  const objects = folderObjects(dir);
  const bodies = ['a', 'b'].map((letter) => letter.repeat(200_000));
  await objects.put(tenant, 'k', bodies[0] ?? '');
  const writing = Promise.all(Array.from({ length: 20 }, (_, n) => objects.put(tenant, 'k', bodies[n % 2] ?? '')));
  for (let n = 0; n < 50; n += 1) expect(bodies).toContain(await objects.get(tenant, 'k'));
  await writing;
  expect(await readdir(join(dir, 'sinks', tenant))).toEqual(['k']);
});

test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', '', '.hidden', 'a\\b', 'a\0b', 'a/\ud800'])(
  'a key that leads elsewhere is refused: %j',
  async (key) => {
    const objects = folderObjects(dir);
    await expect(objects.put(tenant, key, 'x')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(objects.get(tenant, key)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(readdir(dir)).resolves.toEqual([]);
  },
);

test('what is no whole object is not listed: links, and files that a killed writer left', async () => {
  const objects = folderObjects(dir);
  await objects.put(tenant, 'k', 'x');
  await writeFile(join(dir, 'sinks', tenant, '.tmp-1'), 'half');
  await symlink('/etc/passwd', join(dir, 'sinks', tenant, 'link'));
  await expect(objects.list(tenant, '')).resolves.toEqual(['k']);
});
