import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentSettings } from '../adapters/postgres/testing-agents.ts';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import type { TenantId } from '../ports/ids.ts';
import { ApprovalId, ConnectionId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { connectionWorkflowId, syncStreamId } from '../ports/operations.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import { until } from '../workers/testing/until.ts';
import { openOAuthGround } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';
import type { TestApi, Told } from './testing.ts';

const PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';
const WRONG = 'wron gwro ngwr ongw rong wron';

let at: OAuthGround;
let api: TestApi;

beforeAll(async () => {
  at = await openOAuthGround();
  ({ api } = at);
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});

/** Somebody of a tenant that has nothing yet. */
const newcomer = async (): Promise<{ tenantId: TenantId; as: Principal }> => {
  const tenantId = await aTenant(at.ground.ports);
  return { tenantId, as: await at.member(tenantId, `owner-${tenantId.slice(0, 8)}`) };
};
const fields = (application_password = PASSWORD) => ({
  site_url: `${at.ground.emulator.url}/wordpress/demo`,
  username: 'owner',
  application_password,
});
const idOf = ({ json }: Told) => ConnectionId.parse(json.id);
const errorPaths = ({ json }: Told) => (json.errors as { path: string }[]).map(({ path }) => path);
const listOf = async (as: Principal) => (await api.get('/api/v1/connections', { as })).json.data as { id: string }[];

describe('a connector that onboarding did not name', () => {
  test('is connected by its name: the connection is made, tested, and kept', async () => {
    const { as, tenantId } = await newcomer();
    const told = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: fields() } });
    expect([told.status, told.json]).toMatchObject([200, { state: 'healthy', authMethod: expect.any(String) }]);
    expect(await at.secretOf(idOf(told), tenantId)).not.toBeNull();
    const again = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: fields() } });
    expect([again.status, idOf(again)]).toEqual([200, idOf(told)]);
  });

  test('two requests at once make one connection', async () => {
    const { as } = await newcomer();
    const ask = () => api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: fields() } });
    const told = await Promise.all([ask(), ask(), ask()]);
    expect(told.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(told.map(idOf)).size).toBe(1);
    expect(await listOf(as)).toHaveLength(1);
  });

  test('with wrong fields nothing is made; with a wrong password the field is named and nothing is kept', async () => {
    const { as, tenantId } = await newcomer();
    const bad = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: { surprise: 'x' } } });
    expect([bad.status, errorPaths(bad).sort()]).toEqual([
      400,
      ['application_password', 'site_url', 'surprise', 'username'],
    ]);
    expect(await listOf(as)).toEqual([]);
    const wrong = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: fields(WRONG) } });
    expect([wrong.status, wrong.json.code, errorPaths(wrong)]).toEqual([
      422,
      'credential_rejected',
      ['application_password'],
    ]);
    const [{ id = '' } = {}] = await listOf(as);
    expect(await at.secretOf(ConnectionId.parse(id), tenantId)).toBeNull();
  });

  test('a method that the connector lacks, or that goes by the vendor’s page, is named', async () => {
    const { as } = await newcomer();
    const post = (body: unknown) => api.post('/api/v1/connectors/hubspot/connect', { as, body });
    expect(errorPaths(await post({ method: 'nonsense', fields: {} }))).toEqual(['method']);
    const oauth = await post({ method: 'oauth', fields: {} });
    expect([oauth.status, oauth.json.code]).toEqual([422, 'unsupported']);
    expect(await listOf(as)).toEqual([]);
  });

  test('is authorized by its name', async () => {
    const { as } = await newcomer();
    const told = await api.post('/api/v1/oauth/authorize/hubspot', { as, body: {} });
    expect(told.status).toBe(200);
    expect(await listOf(as)).toHaveLength(1);
  });
});

describe('POST /connections', () => {
  const create = (as: Principal, body: unknown, headers: Record<string, string> = {}) =>
    api.post('/api/v1/connections', { as, body, headers });

  test('makes a connection that is to be connected; asked again it is the same one', async () => {
    const { as } = await newcomer();
    const made = await create(as, { connectorId: 'hubspot' });
    expect([made.status, made.json.state]).toEqual([201, 'pending']);
    expect(made.headers.get('location')).toBe(`/api/v1/connections/${idOf(made)}`);
    expect(idOf(await create(as, { connectorId: 'hubspot' }))).toBe(idOf(made));
  });

  test('another account of a connector is another connection, and says so', async () => {
    const { as } = await newcomer();
    const first = await create(as, { connectorId: 'wordpress', fields: fields() });
    expect([first.status, first.json.state]).toEqual([201, 'healthy']);
    const taken = await create(as, { connectorId: 'wordpress', fields: fields() });
    expect([taken.status, errorPaths(taken)]).toEqual([409, ['connectorId']]);
    const headers = { 'Idempotency-Key': randomUUID() };
    const body = { connectorId: 'wordpress', new: true, fields: fields() };
    const second = await create(as, body, headers);
    expect([second.status, idOf(second) === idOf(first)]).toEqual([201, false]);
    expect(idOf(await create(as, body, headers))).toBe(idOf(second));
    expect(await listOf(as)).toHaveLength(2);
  });

  test('syncs that do not fit are refused one by one; a connector that is not there is a 422', async () => {
    const { as } = await newcomer();
    const sync = [
      { stream: 'posts', sink: 'store' },
      { stream: 'posts', sink: 'store' },
      { stream: 'nonsense', sink: 'store' },
    ];
    const told = await create(as, { connectorId: 'wordpress', sync });
    expect([told.status, errorPaths(told)]).toEqual([400, ['sync.1.stream', 'sync.2.stream']]);
    expect((await create(as, { connectorId: 'nonsense' })).json.code).toBe('unknown_connector');
  });

  test('its chosen streams are scheduled once it works', async () => {
    const { as, tenantId } = await newcomer();
    const sync = [{ stream: 'posts', sink: 'store' }];
    const made = await create(as, { connectorId: 'wordpress', sync, everyMinutes: 15, fields: fields() });
    expect(made.status).toBe(201);
    const schedules = await until(
      'the schedule is there',
      () => at.ground.ports.workflows.listSyncSchedules(tenantId),
      ({ length }) => length === 1,
    );
    expect(schedules[0]).toMatchObject({ connectionId: idOf(made), stream: 'posts', paused: false });
    const handle = at.ground.client.schedule.getHandle(syncStreamId(tenantId, idOf(made), 'posts'));
    expect((await handle.describe()).spec.intervals?.[0]?.every).toBe(15 * 60_000);
  });

  test('an existing grant is tested, then kept; a lapsed one is renewed; a dead one leaves nothing', async () => {
    const { as, tenantId } = await newcomer();
    const grant = await existingGrant();
    const made = await create(as, { connectorId: 'hubspot', method: 'oauth', grant });
    expect([made.status, made.json]).toMatchObject([201, { state: 'healthy', authMethod: 'oauth' }]);
    expect(made.text).not.toContain(grant.access_token);
    expect((await at.secretOf(idOf(made), tenantId))?.values).toMatchObject({ refresh_token: grant.refresh_token });

    const lapsed = { ...(await existingGrant()), access_token: 'lapsed-long-ago', expires_at: '2020-01-01T00:00:00Z' };
    const renewed = await create(as, { connectorId: 'hubspot', method: 'oauth', new: true, grant: lapsed });
    expect([renewed.status, renewed.json.state]).toEqual([201, 'healthy']);
    expect((await at.secretOf(idOf(renewed), tenantId))?.values['access_token']).not.toBe('lapsed-long-ago');

    const dead = { access_token: 'dead-access-token', refresh_token: 'dead-refresh-token' };
    const refused = await create(as, { connectorId: 'hubspot', method: 'oauth', new: true, grant: dead });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.text).not.toMatch(/dead-/);
    const kept = await at.ground.ports.secrets.list(`tenants/${tenantId}/connections/`);
    expect(kept.sort()).toEqual([idOf(made), idOf(renewed)].map((id) => connectionSecretPath(tenantId, id)).sort());
  });

  /** Tokens that our application was granted, as another system would hand them over. */
  const existingGrant = async () => {
    const { as, tenantId } = await newcomer();
    const id = await at.openConnection('hubspot', tenantId);
    const begun = await at.begin(id, { as, body: { connectionId: id } });
    await at.comeBack(await at.consent(begun), begun.cookie);
    const { access_token = '', refresh_token = '' } = (await at.secretOf(id, tenantId))?.values ?? {};
    return { access_token, refresh_token };
  };
});

describe('a connection that works', () => {
  const working = async () => {
    const { as, tenantId } = await newcomer();
    const told = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: fields() } });
    return { as, tenantId, id: idOf(told) };
  };
  const post = (as: Principal, id: string, what: string, body?: unknown) =>
    api.post(`/api/v1/connections/${id}/${what}`, { as, ...(body === undefined ? {} : { body }) });

  test('rests and goes on; every change of its state is an event, newest first, page by page', async () => {
    const { as, id } = await working();
    expect((await post(as, id, 'disable')).json.state).toBe('disabled');
    expect((await post(as, id, 'enable')).json.state).toBe('healthy');
    const path = `/api/v1/connections/${id}/events`;
    const all = await api.get(path, { as });
    const states = (all.json.data as { from: string | null; to: string }[]).map(({ to }) => to);
    expect(states).toEqual(['healthy', 'disabled', 'healthy', 'pending']);
    const first = await api.get(`${path}?limit=3`, { as });
    const rest = await api.get(`${path}?limit=3&cursor=${String(first.json.nextCursor)}`, { as });
    expect([...(first.json.data as unknown[]), ...(rest.json.data as unknown[])]).toEqual(all.json.data);
  });

  test('a test of what is kept moves the state; fields that are sent are tested and forgotten', async () => {
    const { as, id, tenantId } = await working();
    expect((await post(as, id, 'test')).json).toMatchObject({ ok: true, accountName: expect.any(String) });
    const wrong = await post(as, id, 'test', { fields: fields(WRONG) });
    expect([wrong.status, wrong.json.code, errorPaths(wrong)]).toEqual([
      422,
      'credential_rejected',
      ['application_password'],
    ]);
    expect((await post(as, id, 'test', { fields: fields() })).json.ok).toBe(true);
    expect((await at.secretOf(id, tenantId))?.version).toBe(1);
    expect((await api.get(`/api/v1/connections/${id}/status`, { as })).json.state).toBe('healthy');
    expect(await stagedFor('verifyCredential:')).toEqual([]);
  });

  test('a credential can be tested before there is any connection, and makes none', async () => {
    const { as } = await newcomer();
    const told = await api.post('/api/v1/connectors/wordpress/test', { as, body: { fields: fields() } });
    expect([told.status, told.json.ok]).toEqual([200, true]);
    expect(await listOf(as)).toEqual([]);
  });

  const stagedFor = async (prefix: string) => {
    const paths = await at.ground.ports.secrets.list('staging/');
    const all = await Promise.all(paths.map((path) => at.ground.ports.secrets.read(path)));
    return all.filter((one) => one?.meta.boundTo?.startsWith(prefix));
  };

  test('impact names what depends on it, and what becomes of each; nothing of inside leaves', async () => {
    const { as, tenantId, id } = await working();
    const { ports } = at.ground;
    const content = await ports.content.put(tenantId, { proposedPost: { title: 't', content: 'c' } });
    const approval = ApprovalId.parse(randomUUID());
    await ports.approvals.open({
      id: approval,
      tenantId,
      operationId: null,
      connectionId: id,
      workflowId: `approval:${tenantId}:${approval}`,
      kind: 'decision',
      requestedBy: null,
      subject: 'Publish “t”',
      contentId: content.id,
      contentHash: content.sha256,
      policy: { roles: ['tenant_admin'], remindAfterMs: 1000, deadlineMs: 60_000, onDeadline: 'reject' },
      deadlineAt: new Date(Date.now() + 60_000).toISOString(),
    });
    await ports.agents.applyDefaults(tenantId, [{ id: 'editor', tools: ['list_content'] }], agentSettings());
    const ref = { tenantId, connectionId: id, stream: 'posts' };
    await ports.workflows.ensureSyncSchedule(ref, { sink: 'store', connectorId: 'wordpress', everyMs: 3_600_000 });
    const told = await until(
      'the schedule is listed',
      () => api.get(`/api/v1/connections/${id}/impact`, { as }),
      ({ json }) => (json.schedules as unknown[]).length === 1,
    );
    expect(told.json).toMatchObject({
      schedules: [{ stream: 'posts', paused: false, effect: expect.any(String) }],
      operations: [],
      approvals: [{ id: approval, subject: 'Publish “t”', effect: expect.any(String) }],
      agents: [{ id: 'editor', effect: expect.any(String) }],
    });
    expect(told.text).not.toMatch(/syncStream:|approval:|connection:/);
    // A second site is reached by no agent: they work with the first.
    const second = await api.post('/api/v1/connections', {
      as,
      body: { connectorId: 'wordpress', new: true, fields: fields() },
    });
    const other = await api.get(`/api/v1/connections/${idOf(second)}/impact`, { as });
    expect(other.json).toEqual({ schedules: [], operations: [], approvals: [], agents: [] });
  });

  test('impact names a running operation by the id that its starter was given', async () => {
    const { as, tenantId, id } = await working();
    at.ground.withPort({
      workflows: {
        listDependants: async () => [
          { kind: 'syncStream', workflowId: syncStreamId(tenantId, id, 'posts'), waiting: true, startedAt: 'now' },
          {
            kind: 'syncStream',
            workflowId: `${syncStreamId(tenantId, id, 'pages')}-by-schedule`,
            waiting: false,
            startedAt: 'now',
          },
        ],
      },
    });
    const begun = await at.ground.ports.operations.begin({
      id: randomUUID() as never,
      scope: tenantId,
      workflowId: syncStreamId(tenantId, id, 'posts'),
      kind: 'syncStream',
      startedBy: as.userId,
      idempotencyKey: null,
    });
    const { json, text } = await api.get(`/api/v1/connections/${id}/impact`, { as });
    expect(json.operations).toMatchObject([
      { id: begun.id, kind: 'syncStream', waiting: true },
      { id: null, kind: 'syncStream', waiting: false },
    ]);
    expect(text).not.toContain('syncStream:');
  });

  test('disconnected by its name it is over; the next connect makes a new one', async () => {
    const { as, tenantId, id } = await working();
    const off = await api.post('/api/v1/connectors/wordpress/disconnect', { as });
    expect([off.status, off.json.state]).toEqual([200, 'disconnected']);
    expect(await at.secretOf(id, tenantId)).toBeNull();
    // The site took the password back; its owner hands out another.
    at.ground.emulator.control.wordpress.password('demo', true);
    const next = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: fields() } });
    expect([next.status, idOf(next) === id]).toEqual([200, false]);
    const ids = (await listOf(as)).map((one) => one.id);
    expect(ids).toEqual(expect.arrayContaining([id, idOf(next)]));
  });

  test('its workflow is found by what it is about', async () => {
    const { tenantId, id } = await working();
    const { searchAttributes } = await at.ground.client.workflow
      .getHandle(connectionWorkflowId(tenantId, id))
      .describe();
    expect(searchAttributes).toMatchObject({
      TenantId: [tenantId],
      ConnectorId: ['wordpress'],
      ConnectionId: [id],
      Operation: ['connection'],
    });
  });
});
