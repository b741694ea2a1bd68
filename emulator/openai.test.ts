import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { createEmulator } from './server.ts';

const emulator = createEmulator();
let openai: OpenAI;

beforeAll(async () => {
  openai = new OpenAI({ baseURL: `${await emulator.listen()}/openai/v1`, apiKey: 'emulator-key', maxRetries: 0 });
});
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;
type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;

const text = { type: 'string' } as const;
const object = (properties: object) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const tool = (name: string, properties: object) => ({
  type: 'function' as const,
  function: { name, strict: true, parameters: object(properties) },
});
const tools = [
  tool('list_content', { resource: text, limit: { type: ['integer', 'null'] }, cursor: { type: ['string', 'null'] } }),
  tool('read_content', { resource: text, id: text }),
];
const format = (name: string, properties: object): NonNullable<Body['response_format']> => ({
  type: 'json_schema',
  json_schema: { name, strict: true, schema: object(properties) },
});
const finding = object({
  title: text,
  severity: { type: 'string', enum: ['low', 'medium', 'high'] },
  detail: text,
  contentIds: { type: 'array', items: text },
});
const audit = format('DigitalPresenceAudit', { summary: text, findings: { type: 'array', items: finding } });
const report = format('OnboardingReport', {
  title: text,
  report: text,
  citations: { type: 'array', items: text },
  proposedPost: object({ title: text, content: text }),
});
const ask = async (messages: Message[], more: Partial<Body> = {}) => {
  const completion = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages, ...more });
  return completion.choices[0];
};

const ITEMS = [
  { id: '107', resource: 'posts', title: 'Hello world!', modifiedAt: '2019-03-02T10:00:00Z' },
  { id: '108', resource: 'posts', title: 'Sourdough', modifiedAt: new Date().toISOString() },
];

/** Plays the product's side of the loop until the model gives its answer. */
async function runAudit(parallel: boolean) {
  const messages: Message[] = [
    { role: 'system', content: 'You audit sites.' },
    { role: 'user', content: 'Audit the site.' },
  ];
  const called: string[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const choice = await ask(messages, { tools, response_format: audit, parallel_tool_calls: parallel });
    const calls = choice?.message.tool_calls ?? [];
    if (calls.length === 0) return { called, answer: choice?.message.content ?? '' };
    messages.push({ role: 'assistant', content: null, tool_calls: calls });
    for (const call of calls) {
      if (call.type !== 'function') continue;
      called.push(`${call.function.name} ${call.function.arguments}`);
      const { id } = JSON.parse(call.function.arguments) as { id?: string };
      const result = id
        ? { ...ITEMS.find((item) => item.id === id), text: '<p>short</p>', link: 'https://x.example' }
        : { items: ITEMS, nextCursor: null };
      messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) });
    }
  }
  throw new Error('the model never answered');
}

test('the audit lists, reads what was listed, and cites only ids it has seen', async () => {
  for (const parallel of [true, false]) {
    const { called, answer } = await runAudit(parallel);
    expect(called).toEqual([
      'list_content {"resource":"posts","limit":10,"cursor":null}',
      'read_content {"resource":"posts","id":"107"}',
      'read_content {"resource":"posts","id":"108"}',
    ]);
    const { findings } = JSON.parse(answer) as { findings: { title: string; contentIds: string[] }[] };
    expect(findings.map(({ title, contentIds }) => [title, contentIds])).toEqual([
      ['Default content is public', ['107']],
      ['Thin content', ['107', '108']],
      ['Out of date', ['107']],
    ]);
  }
});

test('the report retells the findings it was given and cites their ids alone', async () => {
  const { answer } = await runAudit(true);
  const choice = await ask([{ role: 'user', content: `Write the report. The audit found: ${answer} That is all.` }], {
    response_format: report,
  });
  const written = JSON.parse(choice?.message.content ?? '') as {
    report: string;
    citations: string[];
    proposedPost: { title: string };
  };
  expect(written.citations).toEqual(['107', '108']);
  expect([...new Set(written.report.match(/\[post:\d+\]/g))]).toEqual(['[post:107]', '[post:108]']);
  expect(written.proposedPost.title).toBe('Up to date: Hello world!');
});

test('with nothing listed the audit says so, and asks twice at most when the listing fails', async () => {
  const call = (id: string) => ({ id, type: 'function' as const, function: { name: 'list_content', arguments: '{}' } });
  const once = (id: string, content: string): Message[] => [
    { role: 'assistant', content: null, tool_calls: [call(id)] },
    { role: 'tool', tool_call_id: id, content },
  ];
  const start: Message = { role: 'user', content: 'Audit.' };
  const more = { tools, response_format: audit };
  expect((await ask([start, ...once('a', '{"error":"invalid"}')], more))?.finish_reason).toBe('tool_calls');
  const failed = [start, ...once('a', '{"error":"invalid"}'), ...once('b', '{"error":"invalid"}')];
  for (const messages of [failed, [start, ...once('a', '{"items":[],"nextCursor":null}')]]) {
    expect(JSON.parse((await ask(messages, more))?.message.content ?? '')).toEqual({
      summary: 'No content could be listed, so nothing was audited.',
      findings: [],
    });
  }
});

test('an unknown schema is filled by type', async () => {
  const shape = {
    count: { type: 'integer', minimum: 3 },
    maybe: { type: ['string', 'null'] },
    tags: { type: 'array', minItems: 1, items: text },
  };
  const choice = await ask([{ role: 'user', content: 'x' }], { response_format: format('Other', shape) });
  expect(JSON.parse(choice?.message.content ?? '')).toEqual({ count: 3, maybe: null, tags: [expect.any(String)] });
});

test('what the vendor would refuse is refused: a lax strict schema, an unanswered tool call, a wrong key, an unknown model', async () => {
  const lax = {
    type: 'json_schema' as const,
    json_schema: { name: 'Lax', strict: true, schema: { type: 'object', properties: { a: text } } },
  };
  await expect(ask([{ role: 'user', content: 'x' }], { response_format: lax })).rejects.toMatchObject({ status: 400 });
  const orphan = { id: 'a', type: 'function' as const, function: { name: 'list_content', arguments: '{}' } };
  const unanswered: Message[] = [
    { role: 'assistant', content: null, tool_calls: [orphan] },
    { role: 'user', content: 'x' },
  ];
  await expect(ask(unanswered)).rejects.toMatchObject({ status: 400 });
  await expect(ask([{ role: 'user', content: 'x' }], { model: 'gpt-99' })).rejects.toMatchObject({
    code: 'model_not_found',
  });
  const stranger = new OpenAI({ baseURL: openai.baseURL, apiKey: 'sk-real', maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
});

test('scripted answers come in order, each once, and one with a match waits for its request', async () => {
  emulator.control.openai.script(
    { match: 'second', kind: 'text', text: 'for the second' },
    { kind: 'error', status: 429, headers: { 'retry-after': '7' } },
    { kind: 'error', status: 429, code: 'insufficient_quota' },
    { kind: 'tool_calls', calls: [{ name: 'no_such_tool', arguments: '{broken' }] },
  );
  const first: Message[] = [{ role: 'user', content: 'first' }];
  await expect(ask(first)).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  await expect(ask(first)).rejects.toMatchObject({ status: 429, type: 'insufficient_quota' });
  expect((await ask([{ role: 'user', content: 'second' }]))?.message.content).toBe('for the second');
  expect((await ask(first))?.message.tool_calls).toMatchObject([
    { function: { name: 'no_such_tool', arguments: '{broken' } },
  ]);
  expect(emulator.control.openai.pending()).toBe(0);
  expect(emulator.control.openai.requests()).toHaveLength(4);
});

test('a stream gives the same answer in pieces, with usage when asked; a cut one breaks off', async () => {
  emulator.control.openai.script({
    kind: 'text',
    text: 'A long answer with a croissant 🥐 and some more words to fill three pieces.',
  });
  const create = () =>
    openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'x' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  let said = '';
  let total = 0;
  for await (const chunk of await create()) {
    said += chunk.choices[0]?.delta.content ?? '';
    total = chunk.usage?.total_tokens ?? total;
  }
  expect(said).toContain('croissant 🥐 and');
  expect(total).toBeGreaterThan(0);

  emulator.control.openai.script({ kind: 'cut' });
  const read = async () => {
    for await (const chunk of await create()) total = chunk.choices.length;
  };
  await expect(read()).rejects.toThrow();
});
