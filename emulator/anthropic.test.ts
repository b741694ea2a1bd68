import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';

const emulator = createEmulator();
let anthropic: Anthropic;

beforeAll(async () => {
  const baseURL = `${await emulator.listen()}/anthropic`;
  anthropic = new Anthropic({ baseURL, apiKey: 'emulator-key', maxRetries: 0, logLevel: 'off' });
});
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

type Params = Anthropic.MessageCreateParamsNonStreaming;

const VERSION = { headers: { 'anthropic-version': '2026-10-21' } };
const tools: Anthropic.Tool[] = [
  { name: 'look', input_schema: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] } },
];
const asked = (messages: Anthropic.MessageParam[], more: Partial<Params> = {}): Params => ({
  model: 'claude-sonnet-5-5',
  max_tokens: 1000,
  messages,
  tools,
  ...more,
});
const ask = (messages: Anthropic.MessageParam[], more: Partial<Params> = {}) =>
  anthropic.messages.create(asked(messages, more), VERSION);
const stream = (messages: Anthropic.MessageParam[], more: Partial<Params> = {}) =>
  anthropic.messages.stream(asked(messages, more), VERSION);

test('a script of calls and text is played, streamed as asked, with the thought that has to come back', async () => {
  emulator.control.models.script('loop', [
    { text: 'I look.', calls: [{ name: 'look', arguments: { at: 'the 🥐 of the house' } }] },
    { text: 'Seen.', usage: { input: 1000, cached: 600, cacheWrite: 100, output: 50, reasoning: 20 } },
  ]);
  const first: Anthropic.MessageParam = { role: 'user', content: 'Look. [[script:loop]]' };
  const said = await stream([first]).finalMessage();
  expect(said.stop_reason).toBe('tool_use');
  expect(said.content).toMatchObject([
    { type: 'thinking' },
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', name: 'look', input: { at: 'the 🥐 of the house' } },
  ]);
  const id = said.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))[0] ?? '';
  const result: Anthropic.MessageParam = {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: id, content: 'a croissant' }],
  };
  const kept = said.content as Anthropic.ContentBlockParam[];
  for (const last of [
    await ask([first, { role: 'assistant', content: kept }, result]),
    await stream([first, { role: 'assistant', content: kept }, result]).finalMessage(),
  ]) {
    expect(last.content.at(-1)).toMatchObject({ type: 'text', text: 'Seen.' });
    expect(last.usage).toMatchObject({
      input_tokens: 300,
      cache_read_input_tokens: 600,
      cache_creation_input_tokens: 100,
      output_tokens: 50,
    });
  }
  const forgotten = kept.filter(({ type }) => type !== 'thinking');
  await expect(ask([first, { role: 'assistant', content: forgotten }, result])).rejects.toMatchObject({ status: 400 });
  const forged = kept.map((block) => (block.type === 'thinking' ? { ...block, signature: 'x' } : block));
  await expect(ask([first, { role: 'assistant', content: forged }, result])).rejects.toMatchObject({ status: 400 });
});

test('what the vendor would refuse is refused', async () => {
  const user: Anthropic.MessageParam = { role: 'user', content: 'x' };
  const call: Anthropic.MessageParam = {
    role: 'assistant',
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }],
  };
  const wrong: [Anthropic.MessageParam[], Partial<Params>][] = [
    [[user], { temperature: 1 } as Partial<Params>],
    [[user, call], {}],
    [[user, call, user], {}],
    [[{ role: 'assistant', content: 'x' }], {}],
    [[user, { role: 'assistant', content: 'It is' }], {}],
    [[user], { tool_choice: { type: 'any' } }],
    [[{ role: 'user', content: ' ' }], {}],
  ];
  for (const [messages, more] of wrong) await expect(ask(messages, more)).rejects.toMatchObject({ status: 400 });
  await expect(ask([user], { model: 'claude-99' })).rejects.toMatchObject({ status: 404, type: 'not_found_error' });
  emulator.control.models.refuse('emulator-key');
  await expect(anthropic.models.list()).rejects.toMatchObject({ status: 401, type: 'authentication_error' });
  emulator.control.models.refuse('emulator-key', false);
  expect((await anthropic.models.list({ limit: 3 })).data).toHaveLength(3);
});

test('quota looks like throttling but for its cause, and an error may come after a 200', async () => {
  emulator.control.models.script('faults', [
    {
      text: 'A long answer that is said in more than one piece of the stream.',
      faults: [
        { kind: 'rate', retryAfter: 7 },
        { kind: 'quota' },
        { kind: 'overloaded' },
        { kind: 'overflow' },
        { kind: 'error-event' },
        { kind: 'cut' },
      ],
    },
  ]);
  const again = () => stream([{ role: 'user', content: '[[script:faults]]' }]).finalMessage();
  const met: unknown[] = [];
  for (let at = 0; at < 6; at += 1) met.push(await again().catch((error: unknown) => error));
  expect(met).toMatchObject([
    { status: 429, type: 'rate_limit_error', errorCode: null },
    { status: 429, type: 'rate_limit_error', errorCode: 'enforced_spend_limit_reached' },
    { status: 529, type: 'overloaded_error' },
    { status: 400, message: expect.stringContaining('prompt is too long') },
    { type: 'overloaded_error' },
    {},
  ]);
  expect((met[0] as InstanceType<typeof Anthropic.APIError>).headers?.get('retry-after')).toBe('7');
  expect((met[1] as InstanceType<typeof Anthropic.APIError>).headers?.get('retry-after')).toBeNull();
  expect(met[5]).toBeInstanceOf(Error);
  expect((await again()).stop_reason).toBe('end_turn');
  const paid = emulator.control.models.calls('faults').filter(({ kind }) => kind === 'answered');
  expect(paid).toMatchObject([{ provider: 'anthropic', model: 'claude-sonnet-5-5', step: 0 }]);
});

test('without a script it plays an auditor here too, and says something to any word', async () => {
  const told = await stream([{ role: 'user', content: 'Good morning!' }], { system: 'You help.' }).finalMessage();
  expect(told.content.at(-1)).toMatchObject({ type: 'text', text: expect.stringContaining('Good morning!') });
  const shape = {
    type: 'object',
    properties: { count: { type: 'integer', minimum: 3 } },
    required: ['count'],
    additionalProperties: false,
  };
  const json = await ask([{ role: 'user', content: 'x' }], {
    output_config: { format: { type: 'json_schema', schema: shape } },
  });
  expect(json.content.at(-1)).toMatchObject({ text: '{"count":3}' });
});
