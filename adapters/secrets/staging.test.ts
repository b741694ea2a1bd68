import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '../../ports/errors.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { envSecrets } from './env.ts';
import { createStaging } from './staging.ts';

let dir: string;
let secrets: SecretPort;
let now = Date.parse('2026-11-21T12:00:00Z');
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'staging-'));
  secrets = envSecrets({ dir, environment: 'test' });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const staging = () => createStaging(secrets, { now: () => now });
const MINUTE_MS = 60_000;

test('staged values open any number of times, for their own workflow only', async () => {
  const ref = await staging().stage('connection:t:1', { password: 'p' });
  expect(JSON.stringify(ref)).not.toContain('"p"');
  await expect(staging().open(ref, 'connection:t:1')).resolves.toEqual({ password: 'p' });
  await expect(staging().open(ref, 'connection:t:1')).resolves.toEqual({ password: 'p' });
  await expect(staging().open(ref, 'connection:t:2')).rejects.toMatchObject({ code: 'not_found' });
});

test('a reference opens and discards nothing outside the staging folder', async () => {
  await secrets.put('tenants/a/x', 0, { a: '1' }, { class: 'oauth_tokens', createdBy: 'test', boundTo: 'w' });
  await expect(staging().open({ staged: 'tenants/a/x' }, 'w')).rejects.toMatchObject({ code: 'not_found' });
  await staging().discard({ staged: 'tenants/a/x' });
  await expect(secrets.read('tenants/a/x')).resolves.not.toBeNull();
});

test('after fifteen minutes it opens no more, and is swept when others come', async () => {
  const kept = staging();
  const ref = await kept.stage('w', { a: '1' });
  now += 14 * MINUTE_MS;
  await expect(kept.open(ref, 'w')).resolves.toEqual({ a: '1' });
  now += MINUTE_MS;
  await expect(kept.open(ref, 'w')).rejects.toMatchObject({ code: 'not_found' });
  await kept.stage('w', { a: '2' });
  now += 16 * MINUTE_MS;
  const last = await kept.stage('w', { a: '3' });
  await expect(secrets.list('staging/')).resolves.toEqual([last.staged]);
});

test('what expired opens for nobody, also before it is swept', async () => {
  const brief = createStaging(secrets, { now: () => now, ttlMs: 10_000 });
  const ref = await brief.stage('w', { a: '1' });
  now += 10_000;
  await expect(brief.open(ref, 'w')).rejects.toMatchObject({ code: 'not_found' });
  await expect(secrets.list('staging/')).resolves.toEqual([]);
});

test('discarding is silent when gone', async () => {
  const ref = await staging().stage('w', { a: '1' });
  await staging().discard(ref);
  await staging().discard(ref);
  await expect(staging().open(ref, 'w')).rejects.toMatchObject({ code: 'not_found' });
});

test('a secret is staged under the scope of its workflow, so that a token narrowed to one tenant finds its own', async () => {
  const ofTenant = await staging().stage('connection:tenant-a:1', { a: '1' });
  const ofPlatform = await staging().stage('onboardTenant:platform:acme', { a: '1' });
  expect(ofTenant.staged).toMatch(/^staging\/tenant-a\/\d+-[0-9a-f]{48}$/);
  expect(ofPlatform.staged).toMatch(/^staging\/platform\/\d+-[0-9a-f]{48}$/);
});

test('where the token sees one tenant only, that tenant’s are swept', async () => {
  const others = await staging().stage('connection:tenant-b:1', { b: '1' });
  await staging().stage('connection:tenant-a:1', { a: '1' });
  const list = (prefix: string) =>
    prefix.startsWith('staging/tenant-a/')
      ? secrets.list(prefix)
      : Promise.reject(new Fault('secrets_denied', 'This token may not list that.'));
  now += 16 * MINUTE_MS;
  const last = await createStaging({ ...secrets, list }, { now: () => now }).stage('connection:tenant-a:2', { a: '2' });
  await expect(secrets.list('staging/')).resolves.toEqual([last.staged, others.staged]);
});
