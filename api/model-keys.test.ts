import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Principal } from '../ports/identity.ts';
import { MESSAGES, runAgentId, WORKFLOWS } from '../ports/operations.ts';
import { RunId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { apiKeySecretPath } from '../ports/secrets.ts';
import { openOAuthGround } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';
import { until } from '../workers/testing/until.ts';

const BASE = '/api/v1/model-keys';

let at: OAuthGround;
let admin: Principal;
let tenantId: TenantId;

beforeAll(async () => {
  at = await openOAuthGround();
  ({ admin, tenantId } = at);
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});
beforeEach(() => {
  at.ground.emulator.control.reset();
});

const put = (service: string, apiKey: string, as = admin, more: object = {}) =>
  at.api.ask('PUT', `${BASE}/${service}`, { as, body: { apiKey, ...more } });
const retest = (service: string) => at.api.post(`${BASE}/${service}/test`, { as: admin });
const states = async (as = admin) =>
  Object.fromEntries(
    ((await at.api.get(BASE, { as })).json.data as { service: string; state: string }[]).map(({ service, state }) => [
      service,
      state,
    ]),
  );
const secretOf = (service: string) => at.ground.ports.secrets.read(apiKeySecretPath(tenantId, service));

test('a key is asked of its provider before it is kept, and one that is refused is not kept', async () => {
  const refused = await put('anthropic', 'wrong-canary');
  expect([refused.status, refused.json.code]).toEqual([422, 'credential_rejected']);
  expect(refused.json.errors).toMatchObject([{ path: 'apiKey' }]);
  expect(refused.text).not.toContain('canary');
  await expect(secretOf('anthropic')).resolves.toBeNull();
  await expect(states()).resolves.toMatchObject({ anthropic: 'none', openai: 'platform' });

  const kept = await put('anthropic', 'emulator-canary');
  expect([kept.status, kept.json]).toEqual([
    200,
    expect.objectContaining({
      service: 'anthropic',
      state: 'tenant',
      key: expect.objectContaining({ version: 1, state: 'active', addedBy: admin.userId, lastUsedAt: null }),
    }),
  ]);
  expect(kept.text).not.toContain('canary');
  await expect(secretOf('anthropic')).resolves.toMatchObject({ values: { apiKey: 'emulator-canary' } });
  await expect(at.ground.ports.secrets.list('staging/')).resolves.toEqual([]);
  await expect(at.auditOf(tenantId)).resolves.toContain('model_key.kept anthropic');
  // Sent again it is the same key; another one takes its place.
  expect((await put('anthropic', 'emulator-canary')).json).toMatchObject({ key: { version: 1 } });
  expect((await put('anthropic', 'emulator-next')).json).toMatchObject({ key: { version: 2 } });
});

test('Azure’s comes with its address, and goes to no other', async () => {
  const azure = (endpoint?: string) => put('azure-openai', 'emulator-azure', admin, endpoint ? { endpoint } : {});
  expect((await azure()).status).toBe(400);
  expect((await azure('https://azure.com.attacker.test')).status).toBe(400);
  expect((await azure('https://shop.openai.azure.com/some/path')).json).toMatchObject({ state: 'tenant' });
});

test('one that was refused in use is used again once a test says that it is good', async () => {
  await put('groq', 'emulator-groq');
  at.ground.emulator.control.models.refuse('emulator-groq');
  expect((await retest('groq')).status).toBe(422);
  await expect(states()).resolves.toMatchObject({ groq: 'rejected' });
  at.ground.emulator.control.models.refuse('emulator-groq', false);
  expect((await retest('groq')).json).toMatchObject({ state: 'tenant', key: { version: 1, state: 'active' } });
  expect((await retest('openrouter')).status).toBe(404);
});

test('a key that may not list models stays in use', async () => {
  await put('groq', 'emulator-groq');
  at.ground.emulator.control.fault({ match: { path: '/groq' }, kind: 'status', status: 403, times: 1 });
  const tested = await retest('groq');
  expect([tested.status, tested.json.code]).toEqual([422, 'credential_forbidden']);
  await expect(states()).resolves.toMatchObject({ groq: 'tenant' });
});

test('a key that is removed or replaced while it is tested again does not come back', async () => {
  const { llm } = at.ground.ports;
  const { listModels } = llm;
  /** The provider’s answer comes once this was done. */
  const duringTest = async (meanwhile: () => Promise<unknown>) => {
    const spy = jest.spyOn(llm, 'listModels').mockImplementationOnce(async (...asked) => {
      const told = await listModels(...asked);
      await meanwhile();
      return told;
    });
    const { status } = await retest('groq');
    expect(spy).toHaveBeenCalled();
    spy.mockRestore();
    return status;
  };
  await put('groq', 'emulator-old');
  expect(await duringTest(() => put('groq', 'emulator-new'))).toBe(200);
  await expect(secretOf('groq')).resolves.toMatchObject({ values: { apiKey: 'emulator-new' } });
  const replaced = await at.ground.ports.modelKeys.find(tenantId, 'groq');
  expect(replaced?.version).toBe((await secretOf('groq'))?.version);

  expect(await duringTest(() => at.api.ask('DELETE', `${BASE}/groq`, { as: admin }))).toBe(200);
  await expect(secretOf('groq')).resolves.toBeNull();
  await expect(states()).resolves.toMatchObject({ groq: 'none' });
});

test('a provider that wants money refuses no key', async () => {
  await put('openrouter', 'emulator-or');
  at.ground.emulator.control.fault({ match: { path: '/openrouter' }, kind: 'status', status: 402, times: 1 });
  expect((await retest('openrouter')).json).toMatchObject({ code: 'llm_quota' });
  await expect(states()).resolves.toMatchObject({ openrouter: 'tenant' });
});

test('a key that is forgotten is gone, and the runs of its tenant alone hear of a new one', async () => {
  await put('google-ai', 'emulator-google');
  const waits = async (tenant: TenantId) => {
    const handle = await at.ground.client.workflow.start(WORKFLOWS.runAgent, {
      workflowId: runAgentId(tenant, RunId.parse(randomUUID())),
      // Nobody works here: what the run is told stands in its history.
      taskQueue: 'nobody',
      searchAttributes: { TenantId: [tenant], Operation: [WORKFLOWS.runAgent], BlockedBy: ['auth'] },
    });
    const found = () => at.ground.client.workflow.count(`WorkflowId = "${handle.workflowId}"`);
    await until('the run is seen', found, ({ count }) => count === 1);
    return handle;
  };
  const mine = await waits(tenantId);
  const theirs = await waits(at.stranger.tenantId ?? tenantId);
  const deleted = await at.api.ask('DELETE', `${BASE}/google-ai`, { as: admin });
  expect([deleted.status, deleted.json]).toEqual([200, { service: 'google-ai' }]);
  await expect(secretOf('google-ai')).resolves.toBeNull();
  await expect(states()).resolves.toMatchObject({ 'google-ai': 'none' });
  expect((await at.api.ask('DELETE', `${BASE}/google-ai`, { as: admin })).status).toBe(404);

  // Numbers go on, or whoever holds the old key under its number would take the new one for it.
  await expect(put('google-ai', 'emulator-google-2')).resolves.toMatchObject({ json: { key: { version: 2 } } });
  const heard = async (handle: typeof mine) =>
    ((await handle.fetchHistory()).events ?? []).flatMap(
      ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? [],
    );
  await expect(heard(mine)).resolves.toContain(MESSAGES.modelsChanged);
  await expect(heard(theirs)).resolves.toEqual([]);
  await Promise.all([mine.terminate(), theirs.terminate()]);
});

test('another tenant sees none of it, and has its own', async () => {
  await put('openai', 'emulator-mine');
  await expect(states()).resolves.toMatchObject({ openai: 'tenant' });
  await expect(states(at.stranger)).resolves.toMatchObject({ openai: 'platform', anthropic: 'none' });
  expect((await at.api.ask('DELETE', `${BASE}/openai`, { as: at.stranger })).status).toBe(404);
  expect((await at.api.post(`${BASE}/openai/test`, { as: at.stranger })).status).toBe(404);
  await expect(states()).resolves.toMatchObject({ openai: 'tenant' });
});

test('its secret is neither replaced nor taken away behind its back', async () => {
  await put('openai', 'emulator-mine');
  const secret = `/api/v1/secrets/${encodeURIComponent('api_keys/openai')}`;
  const headers = { 'If-Match': '1' };
  const replaced = await at.api.ask('PUT', secret, { as: admin, body: { fields: { apiKey: 'x' } }, headers });
  expect([replaced.status, replaced.text]).toEqual([422, expect.stringContaining('/model-keys/openai')]);
  expect((await at.api.ask('DELETE', secret, { as: admin })).status).toBe(422);
});

test('models are listed with what is known of them, and who can be asked', async () => {
  const { json } = await at.api.get('/api/v1/models?provider=anthropic', { as: admin });
  expect(json).toMatchObject({
    defaults: { deep: { provider: 'openai', model: 'gpt-4o-mini' } },
    providers: expect.arrayContaining([{ provider: 'openai', state: 'tenant' }]),
  });
  const models = json.data as { ref: { provider: string; model: string } }[];
  expect(new Set(models.map(({ ref }) => ref.provider))).toEqual(new Set(['anthropic']));
  expect(models).toContainEqual(
    expect.objectContaining({ ref: { provider: 'anthropic', model: 'claude-sonnet-5-5' }, temperature: false }),
  );
});
