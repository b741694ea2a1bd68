import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { ModelFaultKind } from '../../emulator/models/script-terms.ts';
import type { FaultCode } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { ModelKey } from '../../ports/model-keys.ts';
import { PROVIDERS } from '../../ports/models.ts';
import type { ModelRequest, Provider } from '../../ports/models.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { connectorOrigin } from '../env.ts';
import { createHttp } from '../http/client.ts';
import { createModels } from './index.ts';
import type { ModelOptions } from './index.ts';

const TENANT = '018f2f5e-0000-7000-8000-000000000001' as TenantId;
const MODELS: Record<Provider, string> = {
  openai: 'gpt-4o-mini',
  anthropic: 'claude-sonnet-5-5',
  'google-ai': 'gemini-3.8-flash',
  'azure-openai': 'gpt-4.1',
  groq: 'openai/gpt-oss-120b',
  openrouter: 'openai/gpt-6.1-sol',
};
const KEY: SecretValues = { apiKey: 'emulator-key-canary', endpoint: 'https://shop.openai.azure.com/openai/v1/' };
const TOOL = {
  name: 'list_content',
  description: 'Lists.',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
};

const emulator = createEmulator();
const url = await emulator.listen();
const { CONNECTOR_ORIGINS } = emulatedVendors(url);
const http = createHttp({
  allow: [new URL(url).host],
  origins: CONNECTOR_ORIGINS.split(',').map(connectorOrigin),
  userAgent: 'test',
});
const platformHttp = createHttp({ allow: [new URL(url).host], origins: [], userAgent: 'test' });

afterAll(async () => {
  await Promise.all([http.close(), platformHttp.close()]);
  await emulator.close();
});

/** Rows and secrets of one tenant, in memory. */
let rows = new Map<Provider, ModelKey>();
let secret: SecretValues | null;
let plan: string;
let reads: number;
let touches: number;
const row = (service: Provider, change: Partial<ModelKey> = {}): ModelKey => ({
  service,
  vaultPath: `tenants/${TENANT}/api_keys/${service}`,
  version: 1,
  state: 'active',
  addedBy: 'a person',
  createdAt: '2026-11-01T00:00:00Z',
  checkedAt: '2026-11-01T00:00:00Z',
  lastUsedAt: null,
  ...change,
});
beforeEach(() => {
  emulator.control.reset();
  rows = new Map(PROVIDERS.map((service) => [service, row(service)]));
  [secret, plan, reads, touches] = [KEY, 'growth', 0, 0];
});

const llm = (change: Partial<ModelOptions> = {}) =>
  createModels({
    defaults: { fast: { provider: 'openai', model: 'gpt-4o-mini' }, deep: { provider: 'openai', model: 'gpt-4o' } },
    timeoutMs: 5000,
    ...{ http, platformHttp, platform: {} },
    modelKeys: {
      access: (_tenant, service) => Promise.resolve({ plan, key: rows.get(service) ?? null }),
      mark: (_tenant, service, version, state) => {
        const kept = rows.get(service);
        if (kept?.version === version) rows.set(service, { ...kept, state });
        return Promise.resolve();
      },
      touch: () => Promise.resolve(void (touches += 1)),
    } as Partial<ModelOptions['modelKeys']> as ModelOptions['modelKeys'],
    secrets: {
      read: () => {
        reads += 1;
        return Promise.resolve(secret && { version: 1, values: secret, meta: {} });
      },
    } as unknown as ModelOptions['secrets'],
    ...change,
  });

const request = (provider: Provider, script: string, change: Partial<ModelRequest> = {}): ModelRequest => ({
  tenantId: TENANT,
  model: { provider, model: MODELS[provider] },
  messages: [
    { role: 'system', content: 'You audit.' },
    { role: 'user', content: `Go on. [[script:${script}]] prompt-canary` },
  ],
  tools: [],
  reply: null,
  temperature: 0.2,
  maxTokens: 500,
  ...change,
});
const ask = (given: ModelRequest, on: { onText?: (text: string) => void; onLife?: () => void } = {}, port = llm()) =>
  port.complete(given, { signal: new AbortController().signal, ...on });
const failure = (promise: Promise<unknown>) => promise.then(() => null).catch((problem: unknown) => problem);

describe.each(PROVIDERS)('%s', (provider) => {
  test('an answer comes in pieces, with whose key paid for it, what it took and what it cost', async () => {
    emulator.control.models.script('hello', [
      { text: 'Brot braucht 😀 Zeit', usage: { input: 1000, cached: 400, cacheWrite: 0, output: 200, reasoning: 50 } },
    ]);
    const pieces: string[] = [];
    let life = 0;
    const answer = await ask(request(provider, 'hello'), {
      onText: (text) => pieces.push(text),
      onLife: () => (life += 1),
    });
    expect(answer).toMatchObject({
      content: 'Brot braucht 😀 Zeit',
      toolCalls: [],
      finish: 'stop',
      model: { provider },
      usage: { inputTokens: 1000, cachedTokens: 400, cacheWriteTokens: 0, outputTokens: 200, reasoningTokens: 50 },
      keyOwner: 'tenant',
      priced: true,
      requestId: expect.any(String),
    });
    expect(pieces.join('')).toBe(answer.content);
    expect(life).toBeGreaterThan(1);
    expect(answer.tookMs).toBeGreaterThanOrEqual(answer.firstTokenMs);
    expect(answer.costMicros).toBe(
      {
        openai: 600 * 0.15 + 400 * 0.075 + 200 * 0.6,
        anthropic: 600 * 2 + 400 * 0.1 + 200 * 10,
        'google-ai': 600 * 0.75 + 400 * 0.075 + 200 * 3.75,
        'azure-openai': 600 * 2 + 400 * 0.5 + 200 * 8,
        groq: 600 * 0.15 + 400 * 0.075 + 200 * 0.6,
        openrouter: answer.costMicros,
      }[provider],
    );
    expect(answer.costMicros).toBeGreaterThan(0);
  });

  test('tools are called, answered, and called again, with what the provider wants back', async () => {
    emulator.control.models.script('loop', [
      {
        calls: [
          { name: 'list_content', arguments: { limit: 10 } },
          { name: 'list_content', arguments: '{nonsense' },
        ],
      },
      { json: { done: true } },
    ]);
    const reply = {
      name: 'Report',
      schema: {
        type: 'object',
        properties: { done: { type: 'boolean' } },
        required: ['done'],
        additionalProperties: false,
      },
    };
    const first = request(provider, 'loop', { tools: [TOOL], reply });
    const asked = await ask(first);
    expect(asked).toMatchObject({
      finish: 'tool',
      toolCalls: [
        { name: 'list_content', arguments: expect.stringContaining('10') },
        { name: 'list_content', arguments: '{nonsense' },
      ],
    });
    const { content, toolCalls, kept } = asked;
    // Thoughts of these go with their calls; the emulator refuses calls that come back without them.
    expect(kept?.provider).toBe(provider === 'anthropic' || provider === 'google-ai' ? provider : undefined);
    const answer = await ask({
      ...first,
      messages: [
        ...first.messages,
        { role: 'assistant', content, toolCalls, kept },
        ...toolCalls.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, content: '[]' })),
        { role: 'user', content: 'A person says: go on.' },
      ],
    });
    expect(JSON.parse(answer.content)).toEqual({ done: true });
    expect(answer.finish).toBe('stop');
  });

  test('a loop that another model began in the middle of its calls goes on here', async () => {
    emulator.control.models.script('taken-over', [{ text: 'never' }, { text: 'I go on.' }]);
    const first = request(provider, 'taken-over', { tools: [TOOL] });
    const toolCalls = ['x1', 'x2'].map((id) => ({ id, name: 'list_content', arguments: '{}' }));
    const messages: ModelRequest['messages'] = [
      ...first.messages,
      { role: 'assistant', content: ' ', toolCalls, kept: undefined },
      ...toolCalls.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, content: '[]' })),
    ];
    await expect(ask({ ...first, messages })).resolves.toMatchObject({ content: 'I go on.' });
  });

  const classes: [ModelFaultKind, FaultCode][] = [
    ['rate', 'llm_rate_limited'],
    // Azure knows no quota that is not a rate.
    ['quota', provider === 'azure-openai' ? 'llm_rate_limited' : 'llm_quota'],
    ['overloaded', 'llm_transient'],
    ['server', 'llm_transient'],
    ['reset', 'llm_transient'],
    ['cut', 'llm_transient'],
    ['error-event', 'llm_transient'],
    ['overflow', 'llm_context_overflow'],
    ['auth', 'llm_auth'],
    ['bad', 'llm_bad_request'],
  ];
  test.each(classes)('C83: %s is told as %s, asked once, and says nothing of prompt or key', async (kind, code) => {
    emulator.control.models.script('down', [
      { text: 'Never heard.', faults: [{ kind, times: 'always', retryAfter: 3 }] },
    ]);
    const problem = await failure(ask(request(provider, 'down')));
    expect(problem).toMatchObject({ name: 'Fault', code });
    if (kind === 'rate') expect(problem).toMatchObject({ retryAfterMs: 3000 });
    expect(emulator.control.models.calls('down')).toMatchObject([{ provider, kind }]);
    expect(JSON.stringify(problem, Object.getOwnPropertyNames(problem))).not.toMatch(/canary/);
    // A key that is refused is marked, and the provider is not asked again with it.
    expect(rows.get(provider)?.state).toBe(kind === 'auth' ? 'rejected' : 'active');
    if (kind !== 'auth') return;
    await expect(ask(request(provider, 'down'))).rejects.toMatchObject({ code: 'llm_auth' });
    expect(emulator.control.models.calls('down')).toHaveLength(1);
  });

  test('what the provider cuts out is an answer, and so is a refusal to go on', async () => {
    emulator.control.models.script('filtered', [{ text: 'x', faults: [{ kind: 'filter', times: 'always' }] }]);
    await expect(ask(request(provider, 'filtered'))).resolves.toMatchObject({
      ...{ finish: 'filter', content: '', costMicros: 0 },
    });
    emulator.control.models.script('no', [{ text: 'I will not.', finish: 'refusal' }]);
    await expect(ask(request(provider, 'no'))).resolves.toMatchObject({ finish: 'refusal', content: 'I will not.' });
    emulator.control.models.script('long', [{ text: 'half a', finish: 'length' }]);
    await expect(ask(request(provider, 'long'))).resolves.toMatchObject({ finish: 'length', content: 'half a' });
  });

  test('its list of models proves a key', async () => {
    await expect(llm().listModels(provider, KEY)).resolves.toContain(
      provider === 'azure-openai' ? 'gpt-4o-mini' : MODELS[provider],
    );
    await expect(llm().listModels(provider, { ...KEY, apiKey: 'wrong-canary' })).rejects.toMatchObject({
      code: 'llm_auth',
      message: expect.not.stringContaining('canary'),
    });
    // One that may not list is no bad key, and not said to be one.
    emulator.control.fault({ match: { path: `/${provider}/` }, kind: 'status', status: 403, times: 1 });
    await expect(llm().listModels(provider, KEY)).rejects.toMatchObject({ code: 'credential_forbidden' });
  });
});

describe('whose key', () => {
  const platform = { openai: { values: { apiKey: 'emulator-platform' }, baseUrl: `${url}/openai/v1` } };
  const hello = () => emulator.control.models.script('hello', [{ text: 'Hello', repeat: true }]);

  test('the tenant’s own goes before the platform’s, and is read once a version', async () => {
    hello();
    const port = llm({ platform });
    for (let time = 0; time < 3; time += 1) {
      await expect(ask(request('openai', 'hello'), {}, port)).resolves.toMatchObject({ keyOwner: 'tenant' });
    }
    expect([reads, touches]).toEqual([1, 1]);
    secret = { apiKey: 'emulator-newer' };
    rows.set('openai', row('openai', { version: 2 }));
    await ask(request('openai', 'hello'), {}, port);
    const keys = emulator.control.models.calls('hello').map(({ key }) => key);
    expect([...new Set(keys)]).toEqual(['emulator-key-canary', 'emulator-newer']);
  });

  test('without one the platform’s is used, where the plan brings it and there is one', async () => {
    hello();
    rows.clear();
    const port = llm({ platform });
    await expect(ask(request('openai', 'hello'), {}, port)).resolves.toMatchObject({ keyOwner: 'platform' });
    await expect(port.keyState(TENANT, 'openai')).resolves.toBe('platform');
    await expect(ask(request('groq', 'hello'), {}, port)).rejects.toMatchObject({ code: 'llm_no_key' });
    await expect(port.keyState(TENANT, 'groq')).resolves.toBe('none');
    plan = 'own_keys';
    await expect(ask(request('openai', 'hello'), {}, port)).rejects.toMatchObject({ code: 'llm_no_key' });
    await expect(port.keyState(TENANT, 'openai')).resolves.toBe('not_allowed');
    expect(emulator.control.models.calls('hello')).toHaveLength(1);
  });

  test('a refused key of the tenant never makes way for the platform’s', async () => {
    hello();
    rows.set('openai', row('openai', { state: 'rejected' }));
    const port = llm({ platform });
    await expect(ask(request('openai', 'hello'), {}, port)).rejects.toMatchObject({ code: 'llm_auth' });
    await expect(port.keyState(TENANT, 'openai')).resolves.toBe('rejected');
    expect(emulator.control.models.calls()).toHaveLength(0);
  });

  test.each([
    'http://shop.openai.azure.com',
    'https://attacker.test',
    'https://shop.openai.azure.com.attacker.test',
    'https://shop.openai.azure.com:8443',
    '',
  ])('an Azure key is sent to no endpoint like “%s”', async (endpoint) => {
    secret = { ...KEY, endpoint };
    await expect(ask(request('azure-openai', 'hello'))).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

test('whoever was told to slow down is not asked again until then, by any run; others are', async () => {
  emulator.control.models.script('slow', [{ text: 'Now.', faults: [{ kind: 'rate', retryAfterMs: 300 }] }]);
  const port = llm();
  const asked = (change: Partial<ModelRequest> = {}) => ask(request('openai', 'slow', change), {}, port);
  await expect(asked()).rejects.toMatchObject({ code: 'llm_rate_limited', retryAfterMs: 300 });
  const told = (await failure(asked())) as { code: string; retryAfterMs: number };
  expect(told).toMatchObject({ code: 'llm_rate_limited' });
  expect(emulator.control.models.calls('slow')).toHaveLength(1);
  await expect(asked({ model: { provider: 'openai', model: 'gpt-4o' } })).resolves.toMatchObject({ content: 'Now.' });
  await pause(told.retryAfterMs);
  await expect(asked()).resolves.toMatchObject({ content: 'Now.' });
});

describe('counting', () => {
  test('more than a mark makes the whole call dearer; unknown is never free', () => {
    const port = llm();
    const big = 'word '.repeat(300_000);
    const at = (model: string, content: string, maxTokens = 0) =>
      port.estimate({
        ...request('openai', 'x'),
        model: { provider: 'openai', model },
        messages: [{ role: 'user', content }],
        maxTokens,
      });
    const small = at('gpt-6-sol', 'word '.repeat(1000));
    expect(small.worstMicros).toBe(Math.ceil(small.inputTokens * 2.5));
    const long = at('gpt-6-sol', big);
    expect(long.inputTokens).toBeGreaterThan(272_000);
    expect(long.worstMicros).toBe(Math.ceil(long.inputTokens * 5));
    const unknown = at('gpt-99', 'hello', 1000);
    expect(unknown.worstMicros).toBeGreaterThan(at('gpt-6-astra', 'hello', 1000).worstMicros);
    expect(port.info({ provider: 'openai', model: 'gpt-99' })).toMatchObject({
      known: false,
      tools: true,
      price: null,
    });
    expect(port.info({ provider: 'openai', model: 'gpt-4o-2024-08-06' })).toMatchObject({
      known: true,
      temperature: true,
      shutdown: '2027-01-14',
    });
  });

  test('where the price comes with the answer alone, more than its author asks is reserved', () => {
    const port = llm();
    const at = (provider: Provider, model: string) =>
      port.estimate({ ...request(provider, 'x'), model: { provider, model }, maxTokens: 100_000 }).worstMicros;
    const resold = at('openrouter', 'anthropic/claude-sonnet-5.5');
    expect(resold).toBeGreaterThan(at('anthropic', 'claude-sonnet-5-5'));
    expect(resold).toBeLessThan(at('openrouter', 'somebody/unheard-of'));
    // Above its mark as below it.
    const messages = [{ role: 'user' as const, content: 'word '.repeat(300_000) }];
    const long = (provider: Provider, model: string) => {
      const given = { ...request(provider, 'x'), model: { provider, model }, messages, maxTokens: 0 };
      const { worstMicros, inputTokens } = port.estimate(given);
      return worstMicros / inputTokens;
    };
    expect(long('openrouter', 'openai/gpt-6-sol')).toBeGreaterThanOrEqual(long('openai', 'gpt-6-sol') * 1.25);
  });

  test('an unpriced model’s answer is counted at the dearest price, and says so', async () => {
    emulator.control.models.script('x', [{ text: 'Hi', usage: { input: 100, output: 10 } }]);
    const model = { provider: 'azure-openai' as const, model: 'our-deployment' };
    const answer = await ask(request('azure-openai', 'x', { model }));
    expect(answer).toMatchObject({ priced: false, costMicros: 100 * 20 + 10 * 75 });
  });

  test('text made to be slow to count is counted at once, and never too low', () => {
    const port = llm();
    for (const sign of ['a', ' ', '=', 'ש', '<|endoftext|>']) {
      const content = sign.repeat(100_000 / sign.length);
      const began = performance.now();
      const { inputTokens } = port.estimate({ ...request('openai', 'x'), messages: [{ role: 'user', content }] });
      expect(performance.now() - began).toBeLessThan(1000);
      expect(inputTokens).toBeGreaterThan(700);
    }
  });
});
