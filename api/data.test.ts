import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { createCategories } from '../adapters/categories/index.ts';
import { aConnection, aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import type { StreamInfo } from '../ports/connector-info.ts';
import type { ReadQuery } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { TenantSettings } from '../ports/tenant-settings.ts';
import type { WriteInput } from '../workflows/connector-write.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

const contacts: StreamInfo = {
  ...{
    name: 'contacts',
    title: 'Contacts',
    model: 'contacts',
    text: false,
    upload: false,
    syncs: true,
    complete: true,
  },
  filters: [
    { name: 'q', values: null, required: false },
    { name: 'state', values: ['open', 'done'], required: false },
  ],
  ...{ search: 'q', incremental: 'changed', reachMs: null },
  writes: [
    { kind: 'create', safety: 'keyed', fields: ['email'] },
    { kind: 'update', safety: 'idempotent', fields: ['email'] },
    { kind: 'delete', safety: 'idempotent', fields: [] },
  ],
};
const notes: StreamInfo = {
  ...contacts,
  ...{ name: 'notes', title: 'Notes', model: null, search: null, incremental: null, writes: [] },
  filters: [{ name: 'of', values: null, required: true }],
};
const POLICY = { roles: ['tenant_admin'], remindAfterMs: 60_000, deadlineMs: 120_000, onDeadline: 'reject' };
const NOBODY = '99999999-9999-4999-8999-999999999999';
const INFO = { id: 'hubspot', title: 'HubSpot', category: 'crm', streams: [contacts, notes] };
const ROW = {
  ...{ externalId: '7', modifiedAt: null, firstName: 'Ann', lastName: null, email: 'a@b.test', phone: null },
  ...{ company: null, native: { id: 7 } },
};

let database: TestDatabase;
let stores: Stores;
let api: TestApi;
let tenantId: TenantId;
let connectionId: ConnectionId;
let as: Principal;
let asked: ReadQuery[] = [];
/** Workflows that were started, by id, and how they end; undefined: not yet. */
let started: Map<string, WriteInput> = new Map();
let end: () => Promise<unknown>;
/** What becomes of the answers to starts, in turn. */
let answers: 'lost'[] = [];

const connectors = {
  list: () => [INFO],
  info: () => INFO,
  read: async (_tenant: TenantId, _id: ConnectionId, _stream: string, query: ReadQuery) => {
    asked.push(query);
    const unreadable = [{ externalId: '8', reason: 'email' }];
    return { rows: [ROW], unreadable, nextCursor: 'n', total: 9 };
  },
  readOne: async (_tenant: TenantId, _id: ConnectionId, _stream: string, item: string, query: ReadQuery) => {
    asked.push({ ...query, item } as never);
    return ROW;
  },
  checkWrite: (_id: string, _stream: string, { input }: { input?: Record<string, unknown> }) => {
    if (input?.wrong === undefined) return 'keyed';
    throw new Fault('invalid_request', 'this cannot be written', { fields: [{ path: 'wrong', message: 'is wrong' }] });
  },
};

const temporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    start: async (_work: unknown, { workflowId, args }: { workflowId: string; args: [WriteInput] }) => {
      if (started.has(workflowId))
        throw new WorkflowExecutionAlreadyStartedError('taken', workflowId, 'connectorWrite');
      started.set(workflowId, args[0]);
      if (answers.shift() === 'lost') throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '' });
    },
    getHandle: (id: string) => ({
      result: () => end(),
      describe: async () => ({ memo: { operationId: started.get(id)?.operationId } }),
    }),
  },
} as unknown as ApiDeps['temporal'];

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  const categories = createCategories({ connectors, connections: stores.connections } as never);
  api = await openApi({ ports: { ...stores, connectors, categories } as unknown as ApiDeps['ports'], temporal });
  tenantId = await aTenant(stores);
  connectionId = await aConnection(stores, tenantId, { connectorId: 'hubspot' });
  await stores.connections.change(tenantId, connectionId, { state: 'healthy' });
  as = await aMember(stores, tenantId);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});
beforeEach(async () => {
  asked = [];
  started = new Map();
  end = async () => ({ externalId: '77', link: null });
  await stores.tenantSettings.put(tenantId, TenantSettings.parse({}));
});

const list = (query: string, at = 'contacts') => api.get(`/api/v1/connectors/hubspot/data/${at}?${query}`, { as });
const send = (method: string, item = '', body?: unknown, headers: Record<string, string> = {}, at = 'contacts') =>
  api.ask(method, `/api/v1/connections/${connectionId}/data/${at}${item}`, { as, body, headers });
const pathsIn = (json: Record<string, unknown>) => (json.errors as { path: string }[]).map(({ path }) => path);

describe('live data', () => {
  test('a list is asked in the system’s own words, and says what could not be read', async () => {
    const since = '2026-01-01T00:00:00Z';
    const { status, json } = await list(
      `limit=5&search=ann&filter[state]=open&fields=email,phone&native=true&order=newest&since=${since}`,
    );
    expect([status, json.unreadable, json.total]).toEqual([200, [{ externalId: '8', reason: 'email' }], 9]);
    expect(asked).toEqual([
      {
        ...{ limit: 5, since, order: 'newest', native: true, fields: ['email', 'phone'] },
        filter: { state: 'open', q: 'ann' },
      },
    ]);
    const one = await api.get(`/api/v1/connections/${connectionId}/data/contacts/7?native=true&fields=email`, { as });
    expect(one.json).toEqual(ROW);
    expect(asked[1]).toEqual({ item: '7', fields: ['email'], native: true });
  });

  test('ids are the system’s own, whatever is in them, and so is the place where a page begins', async () => {
    const item = 'bucket/a b/ü?#%.csv';
    await api.get(`/api/v1/connectors/hubspot/data/contacts/${encodeURIComponent(item)}`, { as });
    const cursor = 'n'.repeat(4000);
    await list(`cursor=${cursor}`);
    expect(asked).toMatchObject([{ item }, { cursor }]);
  });

  test('what the system lacks is a 422 that says so, and is never asked', async () => {
    const search = await list('search=x&filter[of]=1', 'notes');
    expect([search.status, search.json.code]).toEqual([422, 'unsupported']);
    const since = await list('since=2026-01-01T00:00:00Z&filter[of]=1', 'notes');
    expect([since.status, since.json.detail]).toEqual([422, expect.stringContaining('HubSpot cannot say')]);
    const nothing = await list('', 'deals');
    expect([nothing.status, nothing.json.detail]).toEqual([422, 'HubSpot has no deals; it has contacts, notes.']);
    expect(asked).toEqual([]);
  });

  test('a filter that does not fit is named: unknown, not one of the choices, or missing', async () => {
    expect(pathsIn((await list('filter[state]=half&filter[x]=1')).json)).toEqual(['filter.state', 'filter.x']);
    expect(pathsIn((await list('', 'notes')).json)).toEqual(['filter.of']);
    expect(asked).toEqual([]);
  });

  test('a category is asked the same, whichever system answers, and says which did', async () => {
    const { status, json } = await api.get('/api/v1/data/crm/contacts?search=ann&fields=email&native=true', { as });
    const data = [{ externalId: '7', modifiedAt: null, email: 'a@b.test', native: { id: 7 } }];
    expect([status, json]).toMatchObject([200, { data, connectionId, connectorId: 'hubspot', nextCursor: 'n' }]);
    expect(asked).toMatchObject([{ filter: { q: 'ann' }, native: true }]);
    const one = await api.get(`/api/v1/data/crm/contacts/7?connectionId=${connectionId}&fields=phone`, { as });
    expect(one.json).toEqual({ externalId: '7', modifiedAt: null, phone: null, native: { id: 7 } });
  });

  test.each([
    ['crm/deals', 422, 'unsupported'],
    ['ads/campaigns', 422, 'not_connected'],
    ['crm/orders', 404, 'not_found'],
    ['llm/models', 404, 'not_found'],
    ['nonsense/contacts', 400, 'invalid_request'],
  ])('of %s it is said that and why there is none', async (path, status, code) => {
    const told = await api.get(`/api/v1/data/${path}`, { as });
    expect([told.status, told.json.code]).toEqual([status, code]);
  });
});

describe('changes', () => {
  const input = { email: 'new@b.test' };

  test('a change is a workflow: 202, its operation’s place, and its input by reference', async () => {
    const { status, json, headers } = await send('POST', '', input);
    expect([status, json.receipt, headers.get('location')]).toEqual([
      202,
      null,
      `/api/v1/operations/${String(json.id)}`,
    ]);
    const [[workflowId, write] = []] = [...started];
    expect(write).toMatchObject({ tenantId, connectionId, stream: 'contacts', operationId: json.id, approval: null });
    expect(workflowId).toBe(`connectorWrite:${tenantId}:${String(write?.effectKey)}`);
    expect(JSON.stringify(write)).not.toContain('new@b.test');
    const { action } = write ?? {};
    expect(action).toEqual({ kind: 'create', contentId: expect.any(String) });
    const contentId = action !== undefined && 'contentId' in action ? action.contentId : '';
    await expect(stores.content.get(tenantId, contentId)).resolves.toEqual(input);
  });

  test('the Idempotency-Key is the change’s own name: asked again, it is the same one', async () => {
    for (const [method, item, body] of [
      ['POST', '', input],
      ['PATCH', '/7', input],
      ['DELETE', '/7', undefined],
    ] as const) {
      started.clear();
      const headers = { 'Idempotency-Key': randomUUID() };
      const first = await send(method, item, body, headers);
      const again = await send(method, item, body, headers);
      expect([again.status, again.json]).toEqual([202, first.json]);
      expect(started.size).toBe(1);
      if (body === undefined) continue;
      const other = await send(method, item, { email: 'other@b.test' }, headers);
      expect(other.json.code).toBe('idempotency_mismatch');
    }
  });

  test('a start whose answer was lost is found again by its key, and made once', async () => {
    answers = ['lost'];
    const headers = { 'Idempotency-Key': randomUUID() };
    expect((await send('PATCH', '/7', input, headers)).status).toBe(503);
    const again = await send('PATCH', '/7', input, headers);
    expect([again.status, started.size]).toEqual([202, 1]);
    expect([...started.values()][0]?.operationId).toBe(again.json.id);
  });

  test('whoever prefers to wait is given the receipt, and the record’s place', async () => {
    const made = await send('POST', '', input, { Prefer: 'respond-async, wait=20' });
    const place = `/api/v1/connections/${connectionId}/data/contacts/77`;
    expect([made.status, made.json.receipt]).toEqual([201, { externalId: '77', link: null }]);
    expect([made.headers.get('location'), made.headers.get('preference-applied')]).toEqual([place, 'wait']);
    const changed = await send('PATCH', '/77', input, { Prefer: 'wait' });
    expect([changed.status, changed.headers.get('location')]).toEqual([200, place]);
    const gone = await send('DELETE', '/77', undefined, { Prefer: 'wait' });
    expect([gone.status, gone.headers.get('location')]).toEqual([200, `/api/v1/operations/${String(gone.json.id)}`]);
  });

  test('a change that takes longer than somebody waits goes on: 202', async () => {
    end = () => Promise.reject(Object.assign(new Error('4 DEADLINE_EXCEEDED'), { code: 4, details: '' }));
    const told = await send('POST', '', input, { Prefer: 'wait=1' });
    expect([told.status, told.json.receipt, told.headers.get('preference-applied')]).toEqual([202, null, null]);
  });

  test('a change that fails while somebody waits is told as what it is', async () => {
    const fields = [{ path: 'email', message: 'is taken' }];
    const failure = ApplicationFailure.nonRetryable('HubSpot refuses this', 'provider_rejected', { fields });
    end = () => Promise.reject(new WorkflowFailedError('failed', failure, 'NON_RETRYABLE_FAILURE'));
    const { status, json } = await send('POST', '', input, { Prefer: 'wait' });
    expect([status, json.code, json.errors]).toEqual([422, 'provider_rejected', fields]);
  });

  test('what cannot be written is said before anything is begun', async () => {
    const lacks = await send('POST', '', input, {}, 'notes');
    expect([lacks.status, lacks.json.detail]).toEqual([
      422,
      'HubSpot cannot create notes from here; it can only be read.',
    ]);
    expect(pathsIn((await send('PATCH', '/7', { wrong: 1 })).json)).toEqual(['wrong']);
    expect((await send('POST', '', [1])).status).toBe(400);
    expect(started.size).toBe(0);
  });

  test('where the tenant’s settings say so, people are asked about exactly that, and nobody waits', async () => {
    const body = { writeApprovals: { kinds: ['update', 'delete'], policy: POLICY } };
    expect((await api.ask('PUT', `/api/v1/tenants/${tenantId}/settings`, { as, body })).status).toBe(200);
    await send('POST', '', input);
    const { status } = await send('PATCH', '/7', input, { Prefer: 'wait' });
    expect(status).toBe(202);
    const [free, asking] = [...started.values()];
    expect([free?.approval, asking?.approval?.policy]).toEqual([null, POLICY]);
    expect(asking?.approval?.subject).toBe('Change Contacts of HubSpot');
    await expect(stores.content.get(tenantId, asking?.approval?.content.id ?? '')).resolves.toEqual({
      ...{ connectorId: 'hubspot', connectionId, resource: 'contacts', kind: 'update', externalId: '7', input },
      file: null,
    });
  });
});

describe('a tenant’s settings', () => {
  const at = () => `/api/v1/tenants/${tenantId}/settings`;

  test('have defaults, are kept whole, and a change is in the audit log', async () => {
    expect((await api.get(at(), { as })).json).toEqual(TenantSettings.parse({}));
    const told = await api.ask('PUT', at(), { as, body: { uploadBytesMax: 5 } });
    expect([told.status, told.json.uploadBytesMax]).toEqual([200, 5]);
    expect((await api.get(at(), { as })).json).toEqual(told.json);
    const { data } = await stores.audit.list(tenantId, { limit: 1 });
    expect(data[0]).toMatchObject({ action: 'tenant_settings.changed', metadata: { uploadBytesMax: 5 } });
  });

  test.each([
    [{ uploadBytesMax: 0 }, 'uploadBytesMax'],
    [{ store: { connectionId: NOBODY, bucket: 'A.b', prefix: '' } }, 'store.bucket'],
    [{ store: { connectionId: NOBODY, bucket: 'abc', prefix: '../x' } }, 'store.prefix'],
    [{ writeApprovals: { kinds: ['read'] } }, 'writeApprovals.kinds.0'],
    [{ writeApprovals: { policy: { ...POLICY, deadlineMs: -1 } } }, 'writeApprovals.policy.deadlineMs'],
  ])('%j is refused by name', async (body, path) => {
    expect(pathsIn((await api.ask('PUT', at(), { as, body })).json)).toEqual([path]);
  });
});
