import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import { aMember } from '../adapters/postgres/testing-data.ts';
import type { Principal } from '../ports/identity.ts';
import { TenantSettings } from '../ports/tenant-settings.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

const WAIT = { Prefer: 'wait' };

let ground: Ground;
let api: TestApi;
let tenantId: TenantId;
let connectionId: ConnectionId;
let site: Awaited<ReturnType<typeof aConnectedSite>>['site'];
let as: Principal;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
  const { ports, client } = ground;
  api = await openApi({ ports, temporal: client });
  ({ tenantId, connectionId, site } = await aConnectedSite(ground, 'writes', { posts: 0 }));
  as = await aMember(ports, tenantId);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await ground.close();
});

const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  api.ask(method, `/api/v1/connectors/wordpress/data/${path}`, { as, body, headers });
const outcomeOf = async (id: unknown) => (await api.get(`/api/v1/operations/${String(id)}`, { as })).json;
const leftovers = async () => ground.ports.objects.list(tenantId, 'uploads/');

test('a record is made, changed and deleted in the tenant’s own system, once for each key, and nothing of it stays here', async () => {
  const { putFor, get } = ground.ports.content;
  const kept: string[] = [];
  const undo = ground.withPort({
    content: {
      putFor: async (...given) => {
        const ref = await putFor(...given);
        kept.push(ref.id);
        return ref;
      },
    },
  });
  const headers = { ...WAIT, 'Idempotency-Key': randomUUID() };
  const input = { title: 'A first loaf', content: '<p>Fresh</p>' };
  const made = await send('POST', 'posts', input, headers);
  expect([made.status, made.json.outcome]).toEqual([201, 'completed']);
  const { externalId } = made.json.receipt as { externalId: string };
  expect((await send('POST', 'posts', input, headers)).json).toEqual(made.json);
  expect(site.items('posts').map(({ id }) => String(id))).toEqual([externalId]);
  const live = await api.get(made.headers.get('location') ?? '', { as });
  expect(live.json).toMatchObject({ externalId, title: 'A first loaf' });

  expect((await send('PATCH', `posts/${externalId}`, { title: 'Rye' }, WAIT)).status).toBe(200);
  expect((await send('GET', `posts/${externalId}`)).json.title).toBe('Rye');
  expect((await send('DELETE', `posts/${externalId}`, undefined, WAIT)).status).toBe(200);
  expect((await send('DELETE', `posts/${externalId}`, undefined, WAIT)).status).toBe(200);
  undo();
  expect(kept).toHaveLength(2);
  for (const id of kept) await expect(get(tenantId, id)).rejects.toMatchObject({ code: 'not_found' });
});

test('a refusal of the system is the answer, and the operation’s outcome', async () => {
  const told = await send('PATCH', 'posts/999999', { title: 'x' }, WAIT);
  expect([told.status, told.json.code]).toEqual([404, 'not_found']);
});

test('a file past the JSON limit arrives in the tenant’s system, and does not stay here', async () => {
  const bytes = Buffer.alloc(3 * 1024 * 1024, 'pixels ');
  const form = new FormData();
  form.append('input', JSON.stringify({ title: 'A loaf' }));
  form.append('file', new Blob([bytes], { type: 'image/png' }), 'loaf.png');
  const response = await fetch(`${api.url}/api/v1/connections/${connectionId}/data/media/upload`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${await api.token(as)}`, ...WAIT },
    body: form,
  });
  const told = (await response.json()) as { receipt: { externalId: string } };
  expect([response.status, told]).toMatchObject([201, { receipt: { externalId: expect.any(String) } }]);
  expect((await send('GET', `media/${told.receipt.externalId}`)).json.title).toBe('A loaf');
  await until('the file is gone', leftovers, ({ length }) => length === 0);
});

test('where the tenant wants to be asked, nothing is written before people say so, and nothing at all when they refuse', async () => {
  const settings = TenantSettings.parse({ writeApprovals: { kinds: ['create'] } });
  await ground.ports.tenantSettings.put(tenantId, settings);
  const before = site.items('posts').length;
  const pending = async () => {
    const { json } = await api.get('/api/v1/approvals?state=pending', { as });
    return json.data as { id: string; contentHash: string }[];
  };
  const decide = async (kind: 'approve' | 'reject') => {
    const { json } = await send('POST', 'posts', { title: 'Ask first', content: 'x' }, WAIT);
    const [{ id, contentHash } = { id: '', contentHash: '' }] = await until(
      'people are asked',
      pending,
      ({ length }) => length === 1,
    );
    const shown = await api.get(`/api/v1/approvals/${id}`, { as });
    expect(shown.json.content).toMatchObject({ kind: 'create', resource: 'posts', input: { title: 'Ask first' } });
    expect(site.items('posts')).toHaveLength(before);
    await api.post(`/api/v1/approvals/${id}/decisions`, { as, body: { kind, contentHash, comment: 'so' } });
    const over = await until(
      'it is over',
      () => outcomeOf(json.id),
      ({ outcome }) => outcome !== 'running',
    );
    expect((await api.get(`/api/v1/approvals/${id}`, { as })).json.content).toBeNull();
    return over;
  };
  expect(await decide('reject')).toMatchObject({ outcome: 'failed', error: { code: 'not_approved' } });
  expect(site.items('posts')).toHaveLength(before);
  expect(await decide('approve')).toMatchObject({ outcome: 'completed' });
  expect(site.items('posts')).toHaveLength(before + 1);
});
