import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { envSecrets } from './env.ts';
import { seal } from './seal.ts';

const meta = { class: 'credential', createdBy: 'test' } as const;
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = (key?: string) => envSecrets({ dir, key, environment: 'test' });

/** Another process that puts `writers` times at once and prints how many won. */
const race = (expected: number, writers: number) =>
  new Promise<string[]>((resolve, reject) => {
    const module = JSON.stringify(new URL('./env.ts', import.meta.url).href);
    const script = `
      const { envSecrets } = await import(${module});
      const secrets = envSecrets({ dir: ${JSON.stringify(dir)}, environment: 'test' });
      const tries = Array.from({ length: ${writers} }, (_, n) =>
        secrets.put('tenants/a/x', ${expected}, { by: process.pid + '/' + n }, ${JSON.stringify(meta)})
          .then((version) => 'won ' + version, (error) => error.code));
      console.log(JSON.stringify(await Promise.all(tries)));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as string[]);
      else reject(new Error(`the writer ended with ${code}`));
    });
  });

test('of twenty writers in two processes exactly one wins each version, and all share one key made once', async () => {
  for (const expected of [0, 1]) {
    const outcomes = (await Promise.all([race(expected, 10), race(expected, 10)])).flat();
    expect(outcomes.filter((outcome) => outcome === `won ${expected + 1}`)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'stale_version')).toHaveLength(19);
    await expect(open().read('tenants/a/x')).resolves.toMatchObject({ version: expected + 1, meta });
  }
});

test('a write with an outdated version is refused, and what is there stays', async () => {
  const secrets = open();
  await expect(secrets.put('p', 0, { a: '1' }, meta)).resolves.toBe(1);
  await expect(secrets.put('p', 0, { a: '2' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
  await expect(secrets.put('p', 2, { a: '2' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
  await expect(secrets.put('p', 1, { a: '2' }, meta)).resolves.toBe(2);
  await expect(secrets.read('p')).resolves.toMatchObject({ version: 2, values: { a: '2' } });
});

test('a file that a killed writer left half-written is never read and stops nobody', async () => {
  const secrets = open();
  await secrets.put('p', 0, { a: '1' }, meta);
  await writeFile(join(dir, 'secrets', 'p', '.tmp-0123456789'), 'BZS1half');
  await expect(secrets.read('p')).resolves.toMatchObject({ version: 1 });
  await expect(secrets.put('p', 1, { a: '2' }, meta)).resolves.toBe(2);
});

test('a damaged secret, or one moved to another place, is refused and never answered with an older one', async () => {
  const secrets = open();
  await secrets.put('p', 0, { a: '1' }, meta);
  await secrets.put('q', 0, { a: 'other' }, meta);
  await writeFile(join(dir, 'secrets', 'p', '2'), await readFile(join(dir, 'secrets', 'q', '1')));
  await expect(secrets.read('p')).rejects.toMatchObject({ code: 'unavailable' });
});

test('a wrong key is one clear fault, before anything is written with it', async () => {
  await open(Buffer.alloc(32, 1).toString('base64')).put('p', 0, { a: '1' }, meta);
  const wrong = open(Buffer.alloc(32, 2).toString('base64'));
  for (const asked of [() => wrong.health(), () => wrong.read('p'), () => wrong.put('p', 1, { a: '2' }, meta)]) {
    await expect(asked()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(asked()).rejects.toThrow('set SECRETS_KEY');
  }
  await expect(open('short').health()).rejects.toThrow('openssl rand');
  expect(await readdir(join(dir, 'secrets', 'p'))).toEqual(['1']);
});

test('no value stands in clear on the disk, and the key is its owner’s only', async () => {
  await open().put('tenants/a/x', 0, { token: 'canary-4711' }, meta);
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of names.filter((it) => it.isFile())) {
    expect((await readFile(join(entry.parentPath, entry.name))).includes('canary-4711')).toBe(false);
  }
  expect((await stat(join(dir, 'secrets.key'))).mode & 0o777).toBe(0o600);
});

test('no path leads out of the folder, and no two paths share a file', async () => {
  const secrets = open();
  const paths = ['../../escape', '/etc/x', 'a/b', 'a_2fb', 'A/B', 'tenants/ü/🎉', '.', '..'];
  for (const path of paths) await secrets.put(path, 0, { path }, meta);
  for (const path of paths) await expect(secrets.read(path)).resolves.toMatchObject({ values: { path } });
  await expect(secrets.list('')).resolves.toEqual([...paths].sort());
  expect((await readdir(dir)).sort()).toEqual(['secrets', 'secrets.check', 'secrets.key']);
  await expect(secrets.put('x'.repeat(300), 0, {}, meta)).rejects.toMatchObject({ code: 'invalid_request' });
});

test('destroying is silent when gone, and takes one tenant without its neighbours', async () => {
  const secrets = open();
  await secrets.put('tenants/a/x', 0, { a: '1' }, meta);
  await secrets.put('tenants/ab/x', 0, { a: '1' }, meta);
  await secrets.destroyAll('tenants/a/');
  await secrets.destroyAll('tenants/a/');
  await secrets.destroy('tenants/a/x');
  await expect(secrets.list('tenants/')).resolves.toEqual(['tenants/ab/x']);
  await expect(secrets.read('tenants/a/x')).resolves.toBeNull();
  await expect(secrets.destroyAll('tenants/a')).rejects.toMatchObject({ code: 'invalid_request' });
});

test('a generated key is made once and kept', async () => {
  const secrets = open();
  await Promise.all([secrets.generate('k', meta), open().generate('k', meta)]);
  const made = await secrets.read('k');
  await secrets.generate('k', meta);
  await expect(secrets.read('k')).resolves.toEqual(made);
  expect(Buffer.from(made?.values['key'] ?? '', 'base64url')).toHaveLength(32);
});

test.each(['staging', 'production'] as const)('secrets in files are refused in %s', (environment) => {
  expect(() => envSecrets({ dir, environment })).toThrow('configure Vault');
});

describe('what the environment gives', () => {
  const given = { 'platform/database': { user: 'app', password: 'given-canary' }, 'platform/other': { a: '1' } };
  const withGiven = () => envSecrets({ dir, environment: 'test', given });

  test('is version 1 until something is written, with the class of its path and the folder’s age', async () => {
    const secrets = withGiven();
    const first = await secrets.read('platform/database');
    expect(first).toMatchObject({ version: 1, values: given['platform/database'] });
    expect(first?.meta).toMatchObject({ class: 'database_password', createdBy: 'environment' });
    await expect(withGiven().read('platform/database')).resolves.toEqual(first);
    await expect(secrets.list('platform/')).resolves.toEqual(['platform/database', 'platform/other']);
    await expect(secrets.put('platform/database', 0, { user: 'b' }, meta)).rejects.toMatchObject({
      code: 'stale_version',
    });
    await expect(secrets.put('platform/database', 1, { user: 'b' }, meta)).resolves.toBe(2);
    await expect(secrets.read('platform/database')).resolves.toMatchObject({ version: 2, values: { user: 'b' } });
    await expect(secrets.readVersion('platform/database', 1)).resolves.toEqual(first);
  });

  test('stays deleted or destroyed though the environment still says it', async () => {
    const secrets = withGiven();
    await secrets.delete('platform/database');
    await expect(secrets.read('platform/database')).resolves.toBeNull();
    await secrets.destroy('platform/other');
    await secrets.destroy('platform/other');
    await expect(withGiven().describe('platform/other')).resolves.toBeNull();
    await expect(withGiven().list('platform/')).resolves.toEqual(['platform/database']);
    await expect(secrets.put('platform/other', 0, { a: '2' }, meta)).resolves.toBe(1);
    await expect(secrets.read('platform/other')).resolves.toMatchObject({ values: { a: '2' } });
  });

  test('lies in no file', async () => {
    await withGiven().delete('platform/database');
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((it) => it.isFile())) {
      expect((await readFile(join(entry.parentPath, entry.name))).includes('given-canary')).toBe(false);
    }
  });
});

test('a version that is destroyed while its neighbour is read keeps its number, and a crash in between leaves nothing readable', async () => {
  const secrets = open();
  await secrets.put('p', 0, { a: '1' }, meta);
  await secrets.put('p', 1, { a: '2' }, meta);
  // The mark is there, the file still: as a crash leaves it.
  await writeFile(join(dir, 'secrets', 'p', '2-destroyed'), '');
  await expect(secrets.read('p')).resolves.toBeNull();
  await expect(secrets.readVersion('p', 2)).resolves.toBeNull();
  await secrets.destroyVersions('p', [2, 9]);
  expect((await readdir(join(dir, 'secrets', 'p'))).sort()).toEqual(['1', '2-destroyed']);
  await expect(secrets.put('p', 1, { a: '3' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
  await expect(secrets.put('p', 2, { a: '3' }, meta)).resolves.toBe(3);
});

test('a deleted version is brought back by removing its mark', async () => {
  const secrets = open();
  await secrets.put('p', 0, { a: '1' }, meta);
  await secrets.delete('p');
  await secrets.delete('p');
  await expect(secrets.read('p')).resolves.toBeNull();
  await rm(join(dir, 'secrets', 'p', '1-deleted'));
  await expect(secrets.read('p')).resolves.toMatchObject({ version: 1, values: { a: '1' } });
});

test('a version is restored with the age it had elsewhere', async () => {
  const old = { ...meta, createdAt: '2025-01-01T00:00:00.000Z', rotateBy: '2025-04-01T00:00:00.000Z' };
  await expect(open().restore('p', 0, { a: '1' }, old)).resolves.toBe(1);
  await expect(open().read('p')).resolves.toEqual({ version: 1, values: { a: '1' }, meta: old });
});

test('data folders of the first builds are read: their classes have other names now', async () => {
  const key = Buffer.alloc(32, 3);
  const secrets = open(key.toString('base64'));
  await secrets.put('p', 0, {}, meta);
  const former = JSON.stringify({ values: { a: '1' }, meta: { class: 'oauth_app', createdBy: 'x', createdAt: 'y' } });
  await writeFile(join(dir, 'secrets', 'p', '2'), seal(key, 'p\n2', former));
  await expect(secrets.read('p')).resolves.toMatchObject({
    values: { a: '1' },
    meta: { class: 'oauth_client_secret' },
  });
});

test('what another version of the program wrote is refused without repeating a part of it', async () => {
  const key = Buffer.alloc(32, 3);
  const secrets = open(key.toString('base64'));
  await secrets.put('p', 0, {}, meta);
  for (const text of ['{"values":{"token":"canary-4711', '{"values":{"canary-4711":5},"meta":{}}']) {
    await writeFile(join(dir, 'secrets', 'p', '2'), seal(key, 'p\n2', text));
    const refused = await secrets.read('p').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable' });
    expect(inspect(refused)).not.toContain('canary');
  }
});
