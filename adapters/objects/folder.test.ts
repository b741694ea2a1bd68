import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TenantId } from '../../ports/ids.ts';
import { objectContract } from './contract.ts';
import { folderObjects } from './folder.ts';

const tenant = TenantId.parse('11111111-1111-4111-8111-111111111111');
const other = TenantId.parse('22222222-2222-4222-8222-222222222222');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'objects-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

objectContract('a folder', () => folderObjects(dir));

test('nothing is left beside an object that was replaced, and nothing is made for a key that is refused', async () => {
  const objects = folderObjects(dir);
  await Promise.all(Array.from({ length: 8 }, () => objects.put(tenant, 'k', 'x')));
  expect(await readdir(join(dir, 'sinks', tenant))).toEqual(['k']);
  await expect((async () => objects.put(other, '../x', 'x'))()).rejects.toMatchObject({ code: 'invalid_request' });
  expect(await readdir(join(dir, 'sinks'))).toEqual([tenant]);
});

test('a key that continues another one’s is refused: a folder is no object', async () => {
  const objects = folderObjects(dir);
  await objects.put(tenant, 'a', 'x');
  await expect(objects.put(tenant, 'a/b', 'x')).rejects.toMatchObject({ code: 'conflict' });
});

test('what is no whole object is not listed: links, and files that a killed writer left', async () => {
  const objects = folderObjects(dir);
  await objects.put(tenant, 'k', 'x');
  await writeFile(join(dir, 'sinks', tenant, '.tmp-1'), 'half');
  await symlink('/etc/passwd', join(dir, 'sinks', tenant, 'link'));
  await expect(objects.list(tenant, '')).resolves.toEqual(['k']);
});
