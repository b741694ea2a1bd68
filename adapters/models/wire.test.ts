import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TenantId } from '../../ports/ids.ts';
import type { ModelRequest, Provider } from '../../ports/models.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { createModels } from './index.ts';
import type { ModelOptions } from './index.ts';

const REQUEST: ModelRequest = {
  tenantId: '018f2f5e-0000-7000-8000-000000000001' as TenantId,
  model: { provider: 'openai', model: 'gpt-4o-mini' },
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

let server: Server;
let url = '';
let bodies: Record<string, unknown>[] = [];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

beforeAll(async () => {
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
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  bodies = [];
});

const https: HttpClient[] = [];
/** The platform's keys at one endpoint that a deployment named, in place of all providers. */
const port = (timeoutMs = 5000) => {
  const at = (baseUrl: string) => ({ values: { apiKey: 'key-canary' }, baseUrl });
  const platformHttp = createHttp({ allow: [new URL(url).host], origins: [], userAgent: 'test' });
  https.push(platformHttp);
  return createModels({
    defaults: { fast: REQUEST.model, deep: REQUEST.model },
    platform: { openai: at(url), groq: at(url), 'google-ai': at(url), openrouter: at(url), anthropic: at(url) },
    timeoutMs,
    ...{ platformHttp, http: platformHttp },
    modelKeys: { access: () => Promise.resolve({ plan: 'growth', key: null }) } as unknown as ModelOptions['modelKeys'],
    secrets: {} as ModelOptions['secrets'],
  });
};
const complete = (change: Partial<ModelRequest> = {}) =>
  port().complete({ ...REQUEST, ...change }, { signal: new AbortController().signal });
const by = (provider: Provider, model: string) => ({ model: { provider, model } });

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
  await expect(complete()).resolves.toMatchObject({
    content: 'Brot braucht 😀',
    toolCalls: [],
    finish: 'stop',
    model: { provider: 'openai', model: 'gpt-4o-mini-2024-07-18' },
    usage: { inputTokens: 12, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 5, reasoningTokens: 0 },
    costMicros: Math.ceil(12 * 0.15 + 5 * 0.6),
    priced: true,
    requestId: 'c',
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

test.each<[string, object[][]]>([
  [
    'without an index',
    [
      [
        {
          id: 'a',
          function: { name: 'one', arguments: '{"n":1}' },
          extra_content: { google: { thought_signature: 's' } },
        },
      ],
      [{ id: 'b', function: { name: 'two', arguments: '{"n":' } }, { function: { arguments: '2}' } }],
    ],
  ],
  [
    'each with the index 0',
    [
      [
        {
          index: 0,
          id: 'a',
          function: { name: 'one', arguments: '{"n":1}' },
          extra_content: { google: { thought_signature: 's' } },
        },
      ],
      [{ index: 0, id: 'b', function: { name: 'two', arguments: '{"n":' } }],
      [{ index: 0, id: 'b', function: { name: 'two', arguments: '2}' } }],
    ],
  ],
])('Google’s calls made at once, %s, stay calls of their own, each with its thought', async (_case, chunks) => {
  streams(...chunks.map((tool_calls) => delta({ tool_calls })), delta({ tool_calls: null }, 'tool_calls'), USAGE, DONE);
  const answer = await complete({ ...by('google-ai', 'gemini-4-argon'), tools: [TOOL] });
  expect(answer.toolCalls).toEqual([
    { id: 'a', name: 'one', arguments: '{"n":1}' },
    { id: 'b', name: 'two', arguments: '{"n":2}' },
  ]);
  expect(answer.kept?.blocks).toEqual({ a: { google: { thought_signature: 's' } } });
});

test('a choice that says something about an answer, and nothing of it, does not break it off', async () => {
  const aside = chunk({ choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 0 } }] });
  streams(delta({ content: 'Br', tool_calls: null }), aside, delta({ content: 'ot' }, 'stop'), aside, USAGE, DONE);
  await expect(complete()).resolves.toMatchObject({ content: 'Brot', finish: 'stop' });
  const blocked = `data: ${JSON.stringify({ id: 'c', model: 'm', usage: { prompt_tokens: 12 } })}\n\n`;
  for (const nothing of [[aside, USAGE], [blocked]]) {
    streams(...nothing, DONE);
    await expect(complete()).resolves.toMatchObject({ content: '', finish: 'filter' });
  }
});

test('calls that another model made carry Google’s placeholder, one a turn, where Google’s models want a signature', async () => {
  streams(delta({ content: 'Yes' }, 'stop'), DONE);
  const call = (id: string) => ({ id, name: 'list_content', arguments: '{}' });
  const signed = { google: { thought_signature: 'c2ln' } };
  const messages: ModelRequest['messages'] = [
    ...REQUEST.messages,
    { role: 'assistant', content: '', toolCalls: [call('a'), call('b')], kept: { provider: 'anthropic', blocks: [] } },
    ...['a', 'b'].map((toolCallId) => ({ role: 'tool' as const, toolCallId, content: '[]' })),
    { role: 'assistant', content: '', toolCalls: [call('c')], kept: { provider: 'google-ai', blocks: { c: signed } } },
    { role: 'tool', toolCallId: 'c', content: '[]' },
  ];
  for (const model of ['gemini-3.8-flash', 'gemini-4-argon', 'gemini-flash-latest', 'gemini-2.5-pro']) {
    await complete({ ...by('google-ai', model), messages });
  }
  await complete({ messages });
  const extras = bodies.map((body) =>
    (body['messages'] as { tool_calls?: { extra_content?: unknown }[] }[]).flatMap(({ tool_calls: calls = [] }) =>
      calls.map(({ extra_content: extra }) => extra),
    ),
  );
  const skip = { google: { thought_signature: 'skip_thought_signature_validator' } };
  expect(extras).toEqual([
    ...Array.from({ length: 3 }, () => [skip, undefined, signed]),
    [undefined, undefined, signed],
    [undefined, undefined, undefined],
  ]);
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
  await complete(by('openai', 'gpt-6-luna'));
  expect(bodies[1]).not.toHaveProperty('temperature');
});

test.each<[string, string, string]>([
  ['length', delta({ content: 'a' }, 'length'), 'length'],
  ['a content filter', delta({}, 'content_filter'), 'filter'],
  ['a reason that is not known yet', delta({ content: 'a' }, 'tired'), 'stop'],
  ['a refusal', delta({ refusal: 'I will not.' }, 'stop'), 'refusal'],
  ...['content_filter: PROHIBITED_CONTENT', 'SAFETY', 'recitation', 'BLOCKLIST', 'SPII'].map(
    (reason): [string, string, string] => [`Google’s ${reason}`, delta({ content: 'a' }, reason), 'filter'],
  ),
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
    '429 with a wait of a month, whatever it is called',
    error(429, { code: 'rate_limit_exceeded' }, { 'retry-after': '2592000' }),
    { code: 'llm_quota', retryAfterMs: 3_600_000 },
  ],
  [
    '429 insufficient_quota',
    error(429, { type: 'insufficient_quota', code: 'credit_balance_exhausted' }),
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
  [
    'a call that Google’s model wrote and Google cannot read',
    () => streams(delta({ content: 'I look.' }, 'function_call_filter: MALFORMED_FUNCTION_CALL'), USAGE, DONE),
    { code: 'llm_transient', providerCode: 'malformed_function_call' },
  ],
  ['a stream of garbage', () => streams('data: {nonsense\n\n'), { code: 'llm_transient' }],
  [
    'an error that says 200, as JSON',
    () => {
      answer = (response) =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: { code: 429, message: 'x', metadata: { error_type: 'rate_limit_exceeded' } } }));
    },
    { code: 'llm_rate_limited' },
  ],
  ['400, no money', error(400, { message: 'Your credit balance is too low' }), { code: 'llm_quota' }],
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
  answer = (response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta({ content: 'half' }, 'stop'));
  const onText = () => setImmediate(() => abort.abort(new Error('cancelled by us')));
  const cancelled = port().complete(REQUEST, { signal: abort.signal, onText: () => void onText() });
  await expect(cancelled).rejects.toThrow('cancelled by us');
});

test('a stream that trickles for ever is over at the deadline', async () => {
  answer = (response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta({ content: 'a' }));
  const late = port(150).complete(REQUEST, { signal: new AbortController().signal });
  await expect(late).rejects.toMatchObject({ code: 'llm_transient', message: expect.stringContaining('0.15 s') });
});

test('a server that says nothing of usage is not free', async () => {
  streams(delta({ content: 'Hello there' }, 'stop'), DONE);
  const answer = await complete();
  expect(answer).toMatchObject({
    priced: false,
    usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
  });
  expect(answer.costMicros).toBeGreaterThan(0);
});

test('a prompt that was blocked is answered by nothing but its price', async () => {
  streams(USAGE, DONE);
  await expect(complete(by('google-ai', 'gemini-3.8-flash'))).resolves.toMatchObject({ finish: 'filter', content: '' });
});

test('what a model does not take is left out, and said in words where it must be said', async () => {
  streams(delta({ content: '{}' }, 'stop'), DONE);
  const reply = { name: 'Report', schema: { type: 'object', properties: { 'shape-of-it': { type: 'string' } } } };
  await complete({ ...by('google-ai', 'gemini-2.5-pro'), tools: [TOOL], reply });
  await complete({ ...by('google-ai', 'gemini-4-argon'), tools: [TOOL], reply });
  await complete({ ...by('groq', 'qwen/qwen3.8-27b'), reply, maxTokens: 90_000 });
  await complete({ ...by('openrouter', 'openai/gpt-6-sol'), reply });
  const [older, newer, other, resold] = bodies;
  expect(older).toMatchObject({ max_tokens: 500, temperature: 0.2 });
  expect(older).not.toHaveProperty('response_format');
  expect(JSON.stringify(older?.messages)).toContain('shape-of-it');
  expect(newer).toHaveProperty('response_format');
  expect(newer).not.toHaveProperty('temperature');
  expect(other).not.toHaveProperty('response_format');
  // Its thoughts come apart from its answer.
  expect(other).toMatchObject({ max_completion_tokens: 16_384, reasoning_format: 'parsed' });
  expect(resold).toMatchObject({ provider: { data_collection: 'deny' }, max_tokens: 500 });
  // The shape goes along, and is said in words as well: it may be dropped on its way.
  expect(resold).toHaveProperty('response_format');
  expect(JSON.stringify(resold?.messages)).toContain('shape-of-it');
  expect(JSON.stringify(newer?.messages)).not.toContain('shape-of-it');
  await complete(by('groq', 'openai/gpt-oss-120b'));
  expect(bodies[4]).not.toHaveProperty('reasoning_format');
});

describe('Anthropic’s events', () => {
  const event = (type: string, fields: object = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const START = event('message_start', {
    message: {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5-5', content: [] },
      usage: { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 1 },
    },
  });
  const block = (index: number, content_block: object) => event('content_block_start', { index, content_block });
  const piece = (index: number, given: object) => event('content_block_delta', { index, delta: given });
  const end = (stop_reason: string, output_tokens = 7) =>
    event('message_delta', { delta: { stop_reason }, usage: { output_tokens } }) + event('message_stop');
  const claude = by('anthropic', 'claude-sonnet-5-5');

  test('thoughts, text and calls come in pieces; usage is the last word, and unknown events are passed over', async () => {
    streams(
      START,
      event('ping'),
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      piece(0, { type: 'thinking_delta', thinking: 'Well' }),
      piece(0, { type: 'signature_delta', signature: 'c2ln' }),
      block(1, { type: 'text', text: '' }),
      piece(1, { type: 'text_delta', text: 'I ' }),
      event('something_new', { index: 1 }),
      piece(1, { type: 'text_delta', text: 'look.' }),
      block(2, { type: 'tool_use', id: 'toolu_1', name: 'list_content', input: {} }),
      piece(2, { type: 'input_json_delta', partial_json: '{"limit"' }),
      piece(2, { type: 'input_json_delta', partial_json: ':5}' }),
      block(3, { type: 'tool_use', id: 'toolu_2', name: 'list_content', input: {} }),
      event('message_delta', { delta: { stop_reason: null }, usage: { output_tokens: 3 } }),
      end('tool_use'),
    );
    const answer = await complete({ ...claude, tools: [TOOL] });
    expect(answer).toMatchObject({
      content: 'I look.',
      finish: 'tool',
      toolCalls: [
        { id: 'toolu_1', name: 'list_content', arguments: '{"limit":5}' },
        { id: 'toolu_2', name: 'list_content', arguments: '{}' },
      ],
      usage: { inputTokens: 130, cachedTokens: 100, cacheWriteTokens: 20, outputTokens: 7 },
      costMicros: 10 * 2 + 100 * 0.1 + 20 * 2.5 + 7 * 10,
      requestId: 'msg_1',
    });
    // Back it goes as it came, with the calls' results together right after it.
    const said = {
      role: 'assistant' as const,
      content: answer.content,
      toolCalls: answer.toolCalls,
      kept: answer.kept,
    };
    await complete({
      ...claude,
      messages: [
        ...REQUEST.messages,
        said,
        { role: 'tool', toolCallId: 'toolu_1', content: '[]' },
        { role: 'tool', toolCallId: 'toolu_2', content: '' },
        { role: 'user', content: 'Go on.' },
      ],
    });
    expect(bodies[1]).toMatchObject({
      system: 'You audit.',
      max_tokens: 500,
      cache_control: { type: 'ephemeral' },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Well', signature: 'c2ln' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_1', input: { limit: 5 } },
            { type: 'tool_use', id: 'toolu_2', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: '[]' },
            { type: 'tool_result', tool_use_id: 'toolu_2' },
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
    });
    expect(bodies[1]).not.toHaveProperty('temperature');
  });

  test('text of white space alone is never sent, and what is kept of a turn stays as it was', async () => {
    streams(START, block(0, { type: 'text', text: '' }), end('end_turn'));
    const thought = { type: 'thinking', thinking: ' ', signature: 'c2ln' };
    const call = { type: 'tool_use', id: 'a', name: 'list_content', input: {} };
    const blocks = [thought, { type: 'text', text: ' \n' }, call];
    const messages: ModelRequest['messages'] = [
      { role: 'system', content: ' ' },
      { role: 'user', content: '\n\n' },
      { role: 'assistant', content: ' \n', toolCalls: [], kept: { provider: 'anthropic', blocks } },
      { role: 'tool', toolCallId: 'a', content: '  ' },
      { role: 'assistant', content: '\t', toolCalls: [{ id: 'b', name: 'list_content', arguments: '{}' }] },
      { role: 'tool', toolCallId: 'b', content: 'x' },
      { role: 'assistant', content: 'So.', toolCalls: [], kept: { provider: 'anthropic', blocks: [thought] } },
      { role: 'assistant', content: 'And so on.', toolCalls: [] },
    ];
    const before = structuredClone(messages);
    await complete({ ...claude, messages });
    await complete({ ...claude, messages });
    expect(messages).toEqual(before);
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[0]).not.toHaveProperty('system');
    expect(bodies[0]?.messages).toMatchObject([
      { role: 'user', content: [{ text: '(empty)' }] },
      { role: 'assistant', content: [thought, call] },
      { role: 'user', content: [{ tool_use_id: 'a', content: '(empty)' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'b' }] },
      { role: 'user', content: [{ tool_use_id: 'b', content: 'x' }] },
      { role: 'assistant', content: [thought, { type: 'text', text: 'And so on.' }] },
    ]);
  });

  test('a conversation that another provider began goes on, without what that one wanted back', async () => {
    streams(
      START,
      block(0, { type: 'text', text: '' }),
      piece(0, { type: 'text_delta', text: 'Yes' }),
      end('end_turn'),
    );
    await complete({
      ...claude,
      messages: [
        ...REQUEST.messages,
        {
          role: 'assistant',
          content: '',
          toolCalls: [{ id: 'a', name: 'list_content', arguments: '{nonsense' }],
          kept: { provider: 'google-ai', blocks: { a: { google: {} } } },
        },
        { role: 'tool', toolCallId: 'a', content: 'not JSON' },
      ],
    });
    expect(bodies[0]?.messages).toMatchObject([
      {},
      { content: [{ type: 'tool_use', id: 'a', input: { unreadable: '{nonsense' } }] },
      { content: [{ type: 'tool_result', content: 'not JSON' }] },
    ]);
    expect(JSON.stringify(bodies[0])).not.toContain('google');
  });

  test.each<[string, string, object]>([
    ['the end of its context', START + end('model_context_window_exceeded'), { finish: 'length' }],
    ['a refusal', START + end('refusal'), { finish: 'refusal' }],
    ['a reason that is not known yet', START + end('bored'), { finish: 'stop' }],
  ])('an end by %s is an answer', async (_case, events, expected) => {
    streams(events);
    await expect(complete(claude)).resolves.toMatchObject(expected);
  });

  test.each<[string, () => void, object]>([
    ['a stream without its end', () => streams(START), { code: 'llm_transient' }],
    [
      'overloaded after its 200',
      () => streams(START, event('error', { error: { type: 'overloaded_error', message: 'x' } })),
      { code: 'llm_transient' },
    ],
    [
      'a rate limit after its 200',
      () => streams(START, event('error', { error: { type: 'rate_limit_error', message: 'x' } })),
      { code: 'llm_rate_limited' },
    ],
    [
      'a contract’s spend limit, which says nothing of how long',
      error(429, { type: 'rate_limit_error', details: { error_code: 'contract_spend_limit_reached' } }),
      { code: 'llm_quota', retryAfterMs: undefined },
    ],
    ['402', error(402, { type: 'billing_error' }), { code: 'llm_quota' }],
    [
      'a spend limit of one’s own',
      error(400, { type: 'invalid_request_error', message: 'You have reached your specified API usage limits.' }),
      { code: 'llm_quota' },
    ],
    ['413', error(413, { type: 'request_too_large' }), { code: 'llm_context_overflow' }],
    [
      '529',
      error(529, { type: 'overloaded_error' }, { 'retry-after': '4' }),
      { code: 'llm_transient', retryAfterMs: 4000 },
    ],
    ['409', error(409, { type: 'conflict_error' }), { code: 'llm_transient' }],
    ['403', error(403, { type: 'permission_error' }), { code: 'llm_auth' }],
    ['404', error(404, { type: 'not_found_error' }), { code: 'llm_bad_request' }],
  ])('%s has a class of its own', async (_case, given, expected) => {
    given();
    const failure = await complete(claude).catch((problem: unknown) => problem);
    expect(failure).toMatchObject({ name: 'Fault', ...expected });
    expect(bodies).toHaveLength(1);
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary');
  });
});
