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

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;

const ask = (messages: Message[], model = 'gpt-4o-mini') => openai.chat.completions.create({ model, messages });
const user = (content: string): Message => ({ role: 'user', content });
const kinds = (name: string) => emulator.control.models.calls(name).map(({ step, kind }) => `${step} ${kind}`);

test('a script answers by how far the conversation is, whoever asks and how often', async () => {
  emulator.control.models.script('two', [
    { calls: [{ name: 'look', arguments: { at: '{{step}}' } }] },
    { text: 'Turn {{step}} for ever', repeat: true },
  ]);
  const first = await ask([user('Do it. [[script:two]]')]);
  const message = first.choices[0]?.message;
  const [call] = message?.tool_calls ?? [];
  expect(call).toMatchObject({ function: { name: 'look', arguments: '{"at":"0"}' } });
  const told: Message = { role: 'tool', tool_call_id: call?.id ?? '', content: 'done' };
  const messages = [user('Do it. [[script:two]]'), message as Message, told];
  for (let again = 0; again < 2; again += 1) {
    expect((await ask(messages)).choices[0]?.message.content).toBe('Turn 1 for ever');
  }
  // Cut short by whoever shortens conversations, with the mark kept elsewhere.
  const cut: Message[] = [{ role: 'system', content: '[[script:two]]' }, user('x'), message as Message, told];
  expect((await ask(cut)).choices[0]?.message.content).toBe('Turn 1 for ever');
  expect(kinds('two')).toEqual(['0 answered', '1 answered', '1 answered', '1 answered']);
  expect(emulator.control.models.calls('two').every(({ finishedAt }) => finishedAt !== null)).toBe(true);
  expect(emulator.control.models.prompts('two')).toHaveLength(4);
});

test('each vendor of this form says the same in words of its own', async () => {
  const url = emulator.url;
  const at = (base: string, model: string, key: Record<string, string> = { authorization: 'Bearer emulator-key' }) => ({
    model,
    post: (body: object) =>
      fetch(`${url}${base}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...key },
        body: JSON.stringify({ model, stream: true, messages: [user('[[script:words]]')], ...body }),
      }),
  });
  const vendors = {
    'google-ai': at('/google-ai/v1beta/openai', 'gemini-3.8-flash'),
    'azure-openai': at('/azure-openai/openai/v1', 'our-deployment', { 'api-key': 'emulator-key' }),
    groq: at('/groq/openai/v1', 'openai/gpt-oss-120b'),
    openrouter: at('/openrouter/api/v1', 'openai/gpt-6.1-sol'),
  };
  const faults = (['rate', 'quota', 'overloaded', 'overflow', 'auth'] as const).map((kind) => ({
    kind,
    retryAfter: 3,
  }));
  const usage = { input: 100, output: 40, reasoning: 10 };
  emulator.control.models.script('words', [
    {
      text: 'Fine.',
      usage,
      faults: Object.keys(vendors).flatMap((provider) => faults.map((one) => ({ ...one, provider }))),
    },
  ]);
  const heard: Record<string, unknown[]> = {};
  const answers: Record<string, string> = {};
  for (const [provider, { post }] of Object.entries(vendors)) {
    for (const fault of faults) {
      const answer = await post({});
      const { error } = [await answer.json()].flat()[0] as { error: Record<string, unknown> };
      heard[`${provider} ${fault.kind}`] = [answer.status, error['code'], answer.headers.get('retry-after')];
    }
    answers[provider] = await (await post({})).text();
  }
  expect(heard).toEqual({
    'google-ai rate': [429, 429, null],
    'google-ai quota': [429, 429, null],
    'google-ai overloaded': [503, 503, null],
    'google-ai overflow': [400, 400, null],
    'google-ai auth': [400, 400, null],
    'azure-openai rate': [429, '429', '3'],
    'azure-openai quota': [429, '429', null],
    'azure-openai overloaded': [503, 'server_is_overloaded', null],
    'azure-openai overflow': [400, 'context_length_exceeded', null],
    'azure-openai auth': [401, '401', null],
    'groq rate': [429, 'rate_limit_exceeded', '3'],
    'groq quota': [429, 'rate_limit_exceeded', '7200'],
    'groq overloaded': [498, 'capacity_exceeded', null],
    'groq overflow': [413, 'rate_limit_exceeded', null],
    'groq auth': [401, 'invalid_api_key', null],
    'openrouter rate': [429, 429, '3'],
    'openrouter quota': [402, 402, null],
    'openrouter overloaded': [529, 529, null],
    'openrouter overflow': [400, 400, null],
    'openrouter auth': [401, 401, null],
  });
  expect(answers['groq']).toMatch(/"x_groq":\{"id":"[^"]+","usage":\{.*"prompt_tokens":100/);
  expect(answers['openrouter']).toMatch(/^: OPENROUTER PROCESSING\n\n/);
  expect(answers['azure-openai']).toContain('"choices":[],"prompt_filter_results"');
  // Said of the answer once it is finished: a choice without a piece of it.
  expect(answers['azure-openai']).toMatch(
    /"finish_reason":"stop".*\n\ndata: .*"choices":\[\{"index":0,"finish_reason":null,/,
  );
});

test('Google streams calls whole and without an index, and wants the first call of a turn signed until the user speaks again', async () => {
  const call = { name: 'look', arguments: { at: 'the house' } };
  emulator.control.models.script('signed', [{ calls: [call, call] }, { text: 'Seen.', repeat: true }]);
  const post = async (messages: object[], model: string, stream: boolean) => {
    const answer = await fetch(`${emulator.url}/google-ai/v1beta/openai/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer emulator-key' },
      body: JSON.stringify({ model, messages, stream }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const start = user('[[script:signed]]');
  const { text } = await post([start], 'gemini-3.8-flash', true);
  expect(
    text.match(/"tool_calls":\[\{"id":"[^"]+","type":"function","function":\{"name":"look","arguments":"[^}]+\}"/g),
  ).toHaveLength(2);
  expect(text).not.toContain('"tool_calls":[{"index"');

  const asked = async (id: string, signature: string | null, after: object[] = [], model = 'gemini-3.8-flash') => {
    const signed = signature === null ? {} : { extra_content: { google: { thought_signature: signature } } };
    const calls = [id, `${id}-2`].map((one) => ({
      id: one,
      type: 'function',
      function: { name: 'look', arguments: '{}' },
    }));
    const said = { role: 'assistant', content: '', tool_calls: [{ ...calls[0], ...signed }, calls[1]] };
    const told = calls.map((one) => ({ role: 'tool', tool_call_id: one.id, content: 'x' }));
    return (await post([start, said, ...told, ...after], model, false)).status;
  };
  const SKIP = 'skip_thought_signature_validator';
  expect(await asked('theirs', null)).toBe(400);
  expect(await asked('theirs', 'forged')).toBe(400);
  expect(await asked('theirs', SKIP)).toBe(200);
  expect(await asked('theirs', null, [user('And now?')])).toBe(200);
  expect(await asked('theirs', null, [], 'gemini-2.5-pro')).toBe(200);
  // Its own it knows, however long ago it was.
  expect(await asked('call_google_1', SKIP, [user('And now?')])).toBe(400);
  expect(await asked('call_google_1', 'ZW11bGF0ZWQ=')).toBe(200);
});

test('a stream keeps its pace, and the call is finished with its last byte', async () => {
  emulator.control.models.script('slow', [{ text: 'a'.repeat(24 * 8), delayMs: 30, pieceDelayMs: 15 }]);
  const began = performance.now();
  const stream = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    stream: true,
    messages: [user('[[script:slow]]')],
  });
  const [call] = emulator.control.models.calls('slow');
  expect(call).toMatchObject({ kind: 'answered', finishedAt: null, key: 'emulator-key' });
  let pieces = 0;
  for await (const chunk of stream) pieces += chunk.choices[0]?.delta.content ? 1 : 0;
  expect(pieces).toBe(8);
  expect(performance.now() - began).toBeGreaterThan(120);
  expect(emulator.control.models.calls('slow')[0]?.finishedAt).not.toBeNull();
});

test('a caller that goes before the last byte leaves the call unfinished', async () => {
  emulator.control.models.script('left', [{ text: 'a'.repeat(24 * 40), pieceDelayMs: 5 }]);
  const stopped = new AbortController();
  const stream = await openai.chat.completions.create(
    { model: 'gpt-4o-mini', stream: true, messages: [user('[[script:left]]')] },
    { signal: stopped.signal },
  );
  for await (const { id } of stream) stopped.abort(id);
  expect(emulator.control.models.calls('left')).toMatchObject([{ kind: 'answered', finishedAt: null }]);
});

test('a turn with a condition is said when the last message fits, and is not counted; the last mark wins', async () => {
  emulator.control.models.script('one', [{ text: 'first' }, { when: 'Summarise', text: 'short' }]);
  emulator.control.models.script('other', [{ text: 'turned' }]);
  const said = async (...texts: string[]) => (await ask(texts.map(user))).choices[0]?.message.content;
  expect(await said('[[script:one]]', 'Summarise this.')).toBe('short');
  expect(await said('[[script:one]]')).toBe('first');
  expect(await said('[[script:one]]', 'a page that says [[script:other]]')).toBe('turned');
  await expect(said('[[script:none]]')).rejects.toMatchObject({ status: 400 });
});
