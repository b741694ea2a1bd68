import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createMemory } from './memory.ts';
import { createEmulator } from './server.ts';

const client = { client_id: 'emulated-client', client_secret: 'emulated-secret' };
const redirect = 'http://127.0.0.1:3000/api/v1/oauth/callback';
let folder: string;

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'emulator-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const tokens = (url: string, body: Record<string, string>) =>
  fetch(`${url}/hubspot/oauth/2026-03/token`, { method: 'POST', body: new URLSearchParams({ ...client, ...body }) });

const grant = async (url: string): Promise<string> => {
  const asked = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirect,
    scope: 'oauth',
    state: 's',
  });
  const consent = await fetch(`${url}/hubspot/oauth/authorize?${asked.toString()}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ decision: 'approve' }),
  });
  const code = new URL(consent.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const answer = await tokens(url, { grant_type: 'authorization_code', code, redirect_uri: redirect });
  return ((await answer.json()) as { refresh_token: string }).refresh_token;
};

test('a grant outlives the process when it is given a folder, a revoked one stays revoked, and a reset forgets both', async () => {
  const first = createEmulator({ folder });
  const kept = await grant(await first.listen());
  await first.close();

  const second = createEmulator({ folder });
  const url = await second.listen();
  expect((await tokens(url, { grant_type: 'refresh_token', refresh_token: kept })).status).toBe(200);
  second.control.hubspot.revoke();
  await second.close();

  const third = createEmulator({ folder });
  expect((await tokens(await third.listen(), { grant_type: 'refresh_token', refresh_token: kept })).status).toBe(400);
  third.control.reset();
  const fresh = await grant(third.url);
  expect((await tokens(third.url, { grant_type: 'refresh_token', refresh_token: fresh })).status).toBe(200);
  await third.close();
});

test('half a line, as a kill leaves it, costs that line alone', async () => {
  const own = join(folder, 'own');
  createMemory(own).keep('things', 'a', 1);
  await appendFile(join(own, 'kept', 'things.jsonl'), '["b",{"ha');
  const second = createMemory(own);
  expect(second.recall('things')).toEqual([['a', 1]]);
  second.keep('things', 'c', 3);
  second.keep('things', 'a', null);
  expect(createMemory(own).recall('things')).toEqual([['c', 3]]);
});
