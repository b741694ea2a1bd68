import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEmulator } from '../../emulator/server.ts';
import type { ModelRequest } from '../../ports/models.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { openaiModels } from './openai.ts';

const REQUEST: ModelRequest = {
  model: 'gpt-4o-mini',
  messages: [
    { role: 'system', content: 'You audit.' },
    { role: 'user', content: 'Go on.' },
  ],
  tools: [],
  reply: null,
  temperature: 0.2,
  maxTokens: 500,
};
const TOOL = {
  name: 'list_content',
  description: 'Lists.',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
};

const emulator = createEmulator();
let server: Server;
let url = '';
let bodies: Record<string, unknown>[] = [];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

beforeAll(async () => {
  await emulator.listen();
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>);
      answer(response, request);
    });
  });
  url = await new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)),
  );
});
afterAll(async () => {
  for (const http of https) await http.close();
  await emulator.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  emulator.control.reset();
  bodies = [];
});

const models = { fast: 'gpt-4o-mini', deep: 'gpt-4o' };
const https: HttpClient[] = [];
/** Open to one endpoint, as the deployment's is. */
const fetchTo = (baseUrl: string): HttpClient['fetch'] => {
  const http = createHttp({ allow: [new URL(baseUrl).host], origins: [], userAgent: 'test' });
  https.push(http);
  return http.fetch;
};
const port = (baseUrl = url, timeoutMs = 5000) =>
  openaiModels({ baseUrl, apiKey: 'key-canary', models, timeoutMs, fetch: fetchTo(baseUrl) });
const complete = (change: Partial<ModelRequest> = {}, signal = new AbortController().signal) =>
  port().complete({ ...REQUEST, ...change }, signal);
const emulated = (change: Partial<ModelRequest> = {}) =>
  openaiModels({
    baseUrl: `${emulator.url}/openai/v1`,
    apiKey: 'emulator-key',
    models,
    timeoutMs: 5000,
    fetch: fetchTo(emulator.url),
  }).complete({ ...REQUEST, ...change }, new AbortController().signal);

const chunk = (change: object) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini-2024-07-18', choices: [], ...change })}\n\n`;
const delta = (given: object, finish: string | null = null) =>
  chunk({ choices: [{ index: 0, delta: given, finish_reason: finish }] });
const USAGE = chunk({ usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 } });
const streams = (...chunks: string[]) => {
  answer = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(chunks.join(''));
};
const DONE = 'data: [DONE]\n\n';

test('an answer is put together from its pieces, with its price and the model that gave it', async () => {
  streams(
    delta({ role: 'assistant', content: 'Brot ' }),
    delta({ content: 'braucht 😀' }),
    delta({}, 'stop'),
    USAGE,
    DONE,
  );
  await expect(complete()).resolves.toEqual({
    content: 'Brot braucht 😀',
    toolCalls: [],
    finish: 'stop',
    model: 'gpt-4o-mini-2024-07-18',
    usage: { inputTokens: 12, outputTokens: 5 },
  });
});

test('tool calls made at once are told apart by index, their arguments kept as written', async () => {
  const call = (index: number, id: string | undefined, name: string | undefined, args: string) =>
    delta({
      tool_calls: [
        { index, ...(id && { id, type: 'function' }), function: { ...(name && { name }), arguments: args } },
      ],
    });
  streams(
    call(1, 'b', 'read_content', '{"id":'),
    call(0, 'a', 'list_content', ''),
    call(1, undefined, undefined, '"7"}'),
    call(0, undefined, undefined, '{nonsense'),
    delta({}, 'stop'),
    USAGE,
    DONE,
  );
  await expect(complete({ tools: [TOOL] })).resolves.toMatchObject({
    finish: 'tool',
    toolCalls: [
      { id: 'a', name: 'list_content', arguments: '{nonsense' },
      { id: 'b', name: 'read_content', arguments: '{"id":"7"}' },
    ],
  });
});

test('what is sent: streamed with usage, tools and reply shape together, calls and results of earlier turns', async () => {
  streams(delta({ content: '{}' }, 'stop'), DONE);
  const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
  await complete({
    tools: [TOOL],
    reply: { name: 'Report', schema },
    messages: [
      ...REQUEST.messages,
      { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'list_content', arguments: '{}' }] },
      { role: 'tool', toolCallId: 'a', content: '[]' },
      { role: 'assistant', content: 'hm', toolCalls: [] },
    ],
  });
  expect(bodies).toEqual([
    {
      model: 'gpt-4o-mini',
      messages: [
        ...REQUEST.messages,
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'list_content', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: '[]' },
        { role: 'assistant', content: 'hm' },
      ],
      max_completion_tokens: 500,
      temperature: 0.2,
      tools: [{ type: 'function', function: TOOL }],
      response_format: { type: 'json_schema', json_schema: { name: 'Report', schema, strict: true } },
      stream: true,
      stream_options: { include_usage: true },
    },
  ]);
  await complete({ model: 'gpt-6-luna' });
  expect(bodies[1]).not.toHaveProperty('temperature');
});

test.each<[string, string, string]>([
  ['length', delta({ content: 'a' }, 'length'), 'length'],
  ['a content filter', delta({}, 'content_filter'), 'refusal'],
  ['a refusal', delta({ refusal: 'I will not.' }, 'stop'), 'refusal'],
])('an end by %s is an answer, not an error', async (_case, end, finish) => {
  streams(end, USAGE, DONE);
  await expect(complete()).resolves.toMatchObject({ finish });
});

const error =
  (status: number, fields: object, headers: Record<string, string> = {}) =>
  () => {
    answer = (response) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify({ error: { message: 'prompt-canary key-canary', ...fields } }));
  };
const soon = () => new Date(Date.now() + 90_000).toUTCString();

test.each<[string, () => void, object]>([
  [
    '429 rate_limit_exceeded, seconds',
    error(429, { code: 'rate_limit_exceeded' }, { 'retry-after': '3' }),
    { code: 'llm_rate_limited', retryAfterMs: 3000 },
  ],
  [
    '429 slow_down, milliseconds',
    error(429, { code: 'slow_down' }, { 'retry-after-ms': '250', 'retry-after': '9' }),
    { code: 'llm_rate_limited', retryAfterMs: 250 },
  ],
  ['429 without a word', error(429, {}), { code: 'llm_rate_limited', retryAfterMs: undefined }],
  [
    '429 with a wait of a month',
    error(429, {}, { 'retry-after': '2592000' }),
    { code: 'llm_rate_limited', retryAfterMs: 3_600_000 },
  ],
  [
    '429 insufficient_quota',
    error(429, { type: 'insufficient_quota', code: 'credit_balance_exhausted' }, { 'retry-after': '3' }),
    { code: 'llm_quota', retryAfterMs: undefined },
  ],
  ['429 with the older code', error(429, { code: 'insufficient_quota' }), { code: 'llm_quota' }],
  ['402', error(402, {}), { code: 'llm_quota' }],
  ['500', error(500, { code: 'server_error' }), { code: 'llm_transient' }],
  [
    '503 overloaded',
    error(503, { code: 'server_is_overloaded' }, { 'retry-after': '2' }),
    { code: 'llm_transient', retryAfterMs: 2000 },
  ],
  ['529', error(529, {}), { code: 'llm_transient' }],
  ['408', error(408, {}), { code: 'llm_transient' }],
  ['409', error(409, {}), { code: 'llm_transient' }],
  ['400 too long', error(400, { code: 'context_length_exceeded' }), { code: 'llm_context_overflow' }],
  [
    '400 too long, in words',
    error(400, { message: 'This model’s maximum context length is 8192 tokens' }),
    { code: 'llm_context_overflow' },
  ],
  ['413', error(413, {}), { code: 'llm_context_overflow' }],
  ['401', error(401, { code: 'invalid_api_key' }), { code: 'llm_auth' }],
  ['403', error(403, {}), { code: 'llm_auth' }],
  ['404', error(404, { code: 'model_not_found' }), { code: 'llm_bad_request' }],
  ['400', error(400, { code: 'invalid_request_error' }), { code: 'llm_bad_request' }],
  ['422', error(422, {}), { code: 'llm_bad_request' }],
  [
    'a proxy’s page',
    () => void (answer = (response) => response.writeHead(502).end('<h1>Bad gateway</h1>')),
    { code: 'llm_transient' },
  ],
  [
    'a redirect',
    () => void (answer = (response) => response.writeHead(307, { location: 'https://attacker.test/' }).end()),
    { code: 'llm_transient' },
  ],
  [
    'a cut connection',
    () => void (answer = (_response, request) => request.socket.destroy()),
    { code: 'llm_transient' },
  ],
  [
    'an error inside the stream',
    () =>
      streams(
        delta({ content: 'a' }),
        `data: ${JSON.stringify({ error: { code: 'server_error', message: 'x' } })}\n\n`,
      ),
    { code: 'llm_transient' },
  ],
  [
    'a rate limit inside the stream',
    () => streams(delta({ content: 'a' }), `data: ${JSON.stringify({ error: { code: 'rate_limit_exceeded' } })}\n\n`),
    { code: 'llm_rate_limited' },
  ],
  ['a stream that stops before its end', () => streams(delta({ content: 'half' })), { code: 'llm_transient' }],
  ['a stream of garbage', () => streams('data: {nonsense\n\n'), { code: 'llm_transient' }],
  ['HTML that says 200', () => streams('<h1>hi</h1>'), { code: 'llm_transient' }],
])('%s has a class of its own, and is not tried again here', async (_case, given, expected) => {
  given();
  const failure = await complete().catch((problem: unknown) => problem);
  expect(failure).toMatchObject({ name: 'Fault', ...expected });
  expect(bodies).toHaveLength(1);
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary');
});

test('an HTTP date says how long to wait', async () => {
  error(429, {}, { 'retry-after': soon() })();
  const failure = (await complete().catch((problem: unknown) => problem)) as { retryAfterMs: number };
  expect(failure.retryAfterMs).toBeGreaterThan(85_000);
  expect(failure.retryAfterMs).toBeLessThanOrEqual(90_000);
});

test('aborted in the middle it throws the signal’s own reason, and half an answer is none', async () => {
  const abort = new AbortController();
  answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta({ content: 'half' }, 'stop'));
    setImmediate(() => abort.abort(new Error('cancelled by us')));
  };
  await expect(complete({}, abort.signal)).rejects.toThrow('cancelled by us');
});

test('a stream that trickles for ever is over at the deadline', async () => {
  answer = (response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta({ content: 'a' }));
  const late = port(url, 150).complete(REQUEST, new AbortController().signal);
  await expect(late).rejects.toMatchObject({ code: 'llm_transient', message: expect.stringContaining('0.15 s') });
});

test('without a key nothing is asked', async () => {
  const keyless = openaiModels({ baseUrl: url, apiKey: null, models, timeoutMs: 1000, fetch: fetchTo(url) });
  await expect(keyless.complete(REQUEST, new AbortController().signal)).rejects.toMatchObject({ code: 'llm_auth' });
  expect(bodies).toHaveLength(0);
  expect(keyless.model('deep')).toBe('gpt-4o');
});

test('the emulated endpoint speaks the same, text and tools', async () => {
  emulator.control.openai.script(
    { kind: 'text', text: 'Hello' },
    { kind: 'tool_calls', calls: [{ name: 'list_content', arguments: { limit: 10 } }] },
  );
  await expect(emulated()).resolves.toMatchObject({
    content: 'Hello',
    finish: 'stop',
    usage: { inputTokens: expect.any(Number) },
  });
  await expect(emulated({ tools: [TOOL] })).resolves.toMatchObject({
    finish: 'tool',
    toolCalls: [{ name: 'list_content', arguments: '{"limit":10}' }],
  });
});
