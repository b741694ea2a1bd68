import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { emulatorHttp } from '../../adapters/connectors/testing-vendors.ts';
import type { HttpClient } from '../../adapters/http/client.ts';
import { createModels } from '../../adapters/models/index.ts';
import type { ModelOptions } from '../../adapters/models/index.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { LlmPort, ModelMessage, ModelRequest } from '../../ports/models.ts';
import { hasDescription, openDescription } from './description.ts';
import type { Exchange } from './description.ts';

const FILE = 'openai.yaml';
const maybe = hasDescription(FILE) ? test : test.skip;
const tenantId = '11111111-1111-4111-8111-111111111111' as TenantId;

const emulator = createEmulator();
const exchanges: Promise<Exchange>[] = [];
let http: HttpClient;
let llm: LlmPort;

/** The same client, whose calls are written down. */
const overheard = (real: HttpClient): HttpClient => ({
  ...real,
  async fetch(given, init) {
    const request = new Request(given, init);
    const [{ method, url }, headers] = [request, Object.fromEntries(request.headers)];
    const body = method === 'POST' ? await request.clone().text() : null;
    const answer = await real.fetch(given, init);
    const copy = answer.clone();
    exchanges.push(copy.text().then((text) => ({ method, url, headers, body, status: copy.status, answer: text })));
    return answer;
  },
});

beforeAll(async () => {
  await emulator.listen();
  http = overheard(emulatorHttp(emulator.url));
  const ref = { provider: 'openai' as const, model: 'gpt-4o-mini' };
  llm = createModels({
    defaults: { fast: ref, deep: ref },
    platform: { openai: { values: { apiKey: 'emulator-key' }, baseUrl: null } },
    timeoutMs: 10_000,
    ...{ http, platformHttp: http },
    modelKeys: { access: () => Promise.resolve({ plan: 'growth', key: null }) } as unknown as ModelOptions['modelKeys'],
    secrets: {} as ModelOptions['secrets'],
  });
});
afterAll(async () => {
  await http.close();
  await emulator.close();
});

const tool = {
  name: 'list_content',
  description: 'Lists.',
  parameters: {
    type: 'object',
    properties: { resource: { type: 'string' } },
    required: ['resource'],
    additionalProperties: false,
  },
};
const request = (messages: ModelMessage[], change: Partial<ModelRequest> = {}): ModelRequest => ({
  tenantId,
  model: { provider: 'openai', model: 'gpt-4o-mini' },
  messages,
  tools: [tool],
  reply: null,
  temperature: 0.2,
  maxTokens: 500,
  ...change,
});
const ask = (given: ModelRequest) => llm.complete(given, { signal: new AbortController().signal });

maybe('what we ask of OpenAI, and what the emulator answers in its place, fits OpenAI’s own description', async () => {
  emulator.control.models.script('told', [
    { text: 'I look.', calls: [{ name: 'list_content', arguments: { resource: 'posts' } }] },
    { json: { title: 'Fresh bread' }, usage: { cached: 5, reasoning: 3 } },
    { text: 'I will not.', finish: 'refusal' },
    { text: 'Half of i', finish: 'length' },
  ]);
  const messages: ModelMessage[] = [
    { role: 'system', content: 'You audit.' },
    { role: 'user', content: 'Go on. [[script:told]]' },
  ];
  const first = await ask(request(messages));
  messages.push({ role: 'assistant', content: first.content, toolCalls: first.toolCalls, kept: first.kept });
  messages.push(...first.toolCalls.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, content: 'nothing' })));
  const schema = { ...tool.parameters, properties: { title: { type: 'string' } }, required: ['title'] };
  const second = await ask(request(messages, { tools: [], reply: { name: 'Title', schema } }));
  messages.push({ role: 'assistant', content: second.content, toolCalls: [] });
  await ask(request(messages, { model: { provider: 'openai', model: 'gpt-6-luna' } }));
  messages.push({ role: 'assistant', content: 'No.', toolCalls: [] }, { role: 'user', content: 'Why?' });
  await ask(request(messages));
  await llm.listModels('openai', { apiKey: 'emulator-key' });

  const judge = await openDescription(FILE, ['/chat/completions', '/models']);
  const all = await Promise.all(exchanges);
  expect(all.map(({ method, status }) => `${method} ${status}`)).toEqual([
    ...Array<string>(4).fill('POST 200'),
    'GET 200',
  ]);
  expect([...new Set(all.flatMap((exchange) => judge(exchange)))]).toEqual([]);
});
