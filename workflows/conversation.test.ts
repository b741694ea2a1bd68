import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from '../adapters/postgres/sql.ts';
import { aMember } from '../adapters/postgres/testing-data.ts';
import { openApi } from '../api/testing.ts';
import type { TestApi } from '../api/testing.ts';
import { AgentSettings } from '../ports/agents.ts';
import type { Utterance } from '../ports/conversations.ts';
import type { Principal } from '../ports/identity.ts';
import { RunId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { conversationId } from '../ports/operations.ts';
import { spendScopes } from '../ports/spending.ts';
import { agentsOf, anAgent, aTenantWith } from '../workers/testing/agents.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startTemporal } from '../workers/testing/server.ts';
import type { TestServer } from '../workers/testing/server.ts';
import { until } from '../workers/testing/until.ts';

/** The server suggests a new run after this many events, in place of 4,096. */
const EVENTS_MAX = 120;
const catalogue = agentsOf(anAgent());

let server: TestServer;
let ground: Ground;
let api: TestApi;
beforeAll(async () => {
  server = await startTemporal({ config: { 'limit.historyCount.suggestContinueAsNew': String(EVENTS_MAX) } });
  ground = await openGround({ address: server.address, catalogue });
  await ground.worker.start();
  api = await openApi({ ports: ground.ports, temporal: ground.client, catalogue });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await ground.close();
  await server.kill();
});

const models = () => ground.emulator.control.models;
const paid = (script: string) =>
  models()
    .calls(script)
    .filter(({ kind }) => kind === 'answered').length;
const aPerson = async (tenant?: TenantId): Promise<Principal & { tenantId: TenantId }> => {
  const tenantId = tenant ?? (await aTenantWith(ground.ports, catalogue));
  const person = await aMember(ground.ports, tenantId, 'tenant_user', `${randomUUID()}@acme.test`);
  return { ...person, tenantId };
};
const settingsOf = async (tenantId: TenantId) => {
  const all = await ground.ports.agents.settings(tenantId, 'Tester');
  return { version: all.version, settings: AgentSettings.strip().parse(all) };
};
interface Said {
  conversationId: string;
  messageId: string;
  answeredBy: string;
  answer: Utterance | null;
}
const said = ({ json }: { json: Record<string, unknown> }) => json as unknown as Said;
const WAIT = { Prefer: 'wait=30' };

const begin = (as: Principal, text: string, headers: Record<string, string> = {}, more: object = {}) =>
  api.post('/api/v1/agents/Tester/chat', { as, headers, body: { text, ...more } });
const tell = (as: Principal, id: string, text: string, more: object = {}, headers: Record<string, string> = {}) =>
  api.post(`/api/v1/conversations/${id}/messages`, { as, headers, body: { text, ...more } });
const historyOf = async (as: Principal, id: string) => {
  const { json } = await api.get(`/api/v1/conversations/${id}/messages?limit=100`, { as });
  return (json['data'] as Utterance[]).map(
    ({ role, content, state }) => `${role}: ${content}${state ? ` (${state})` : ''}`,
  );
};
const answered = (as: Principal, id: string, messageId: string) =>
  until(
    `the answer to ${messageId}`,
    async () => said(await api.get(`/api/v1/conversations/${id}/messages/${messageId}`, { as })).answer,
    (answer) => answer !== null,
  );
/** Events of a stream that has ended. */
const eventsOf = (text: string) =>
  text
    .split('\n\n')
    .filter((block) => block.includes('event: '))
    .map((block) => ({
      name: /^event: (.*)$/m.exec(block)?.[1] ?? '',
      data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null') as Record<string, unknown>,
    }));

test('a chat answers each message with all that was said before in mind, by the agent’s settings as they are then', async () => {
  const person = await aPerson();
  models().script('chat', [{ text: 'Good morning.' }]);
  const first = await begin(person, '[[script:chat]] Hello', WAIT);
  expect(first.status).toBe(200);
  expect(first.headers.get('preference-applied')).toBe('wait');
  const { conversationId: id, messageId, answer } = said(first);
  expect(answer).toMatchObject({ role: 'assistant', content: 'Good morning.', state: 'done', messageId });
  const { version, settings } = await settingsOf(person.tenantId);
  await ground.ports.agents.change(
    person.tenantId,
    'Tester',
    version,
    { ...settings, systemPrompt: 'You are new.' },
    [],
  );
  models().script('more', [{ text: 'Still here.' }]);
  const second = await tell(person, id, '[[script:more]] And now?', {}, WAIT);
  expect(said(second).answer?.content).toBe('Still here.');
  const prompt = models().prompts('more').at(-1) ?? '';
  for (const part of ['You are new.', 'Hello', 'Good morning.', 'And now?']) expect(prompt).toContain(part);
  await expect(historyOf(person, id)).resolves.toEqual([
    ...['user: [[script:chat]] Hello', 'assistant: Good morning. (done)'],
    ...['user: [[script:more]] And now?', 'assistant: Still here. (done)'],
  ]);
  const { json } = await api.get('/api/v1/conversations?agentId=Tester', { as: person });
  expect(json).toMatchObject({ data: [{ id, title: '[[script:chat]] Hello', agentId: 'Tester' }] });
});

test('a message that comes twice under one id is one message with one answer, paid once, whoever lost the first answer', async () => {
  const person = await aPerson();
  models().script('first', [{ text: 'Yes?' }]);
  const { conversationId: id } = said(await begin(person, '[[script:first]] Hello', WAIT));
  models().script('once', [{ text: 'Once.', delayMs: 200 }]);
  const ask = () => tell(person, id, '[[script:once]] What is due?', { messageId: 'm1' }, WAIT);
  for (const one of await Promise.all([ask(), ask()])) expect(said(one).answer).toMatchObject({ content: 'Once.' });
  await ground.client.workflow.getHandle(conversationId(person.tenantId, RunId.parse(id))).terminate();
  // A run that has never heard of it, as after continue-as-new.
  await tell(person, id, '[[script:first]] Thanks.', {}, WAIT);
  expect(said(await ask()).answer).toMatchObject({ content: 'Once.' });
  await tell(person, id, '[[script:first]] Bye.', {}, WAIT);
  expect(paid('once')).toBe(1);
  await expect(historyOf(person, id)).resolves.toHaveLength(8);
});

test('a message that comes while another is answered waits, is heard at once, cuts the answer off or is refused, as it says', async () => {
  const person = await aPerson();
  const slow = (text: string) => ({ text, delayMs: 700 });
  models().script('slow', [slow('first'), slow('second')]);
  const begun = await begin(person, '[[script:slow]] one', {}, { messageId: 'one' });
  expect(begun.status).toBe(202);
  expect(begun.headers.get('location')).toMatch(/\/conversations\/.*\/messages\/one$/);
  const { conversationId: id } = said(begun);
  await until(
    'the model is asked',
    () => models().calls('slow').length,
    (calls) => calls === 1,
  );
  await expect(tell(person, id, 'no', { messageId: 'no', whileAnswering: 'reject' })).resolves.toMatchObject({
    ...{ status: 409, json: { code: 'conflict' } },
  });
  const steered = await tell(person, id, 'and this', { messageId: 'two', whileAnswering: 'steer' });
  expect(said(steered)).toMatchObject({ messageId: 'two', answeredBy: 'one' });
  models().script('queued', [{ text: 'third' }]);
  await tell(person, id, '[[script:queued]] later', { messageId: 'three' });
  await answered(person, id, 'three');
  expect((await answered(person, id, 'two'))?.content).toBe('second');
  models().script('cut', [slow('never told')]);
  models().script('urgent', [{ text: 'at once' }]);
  await tell(person, id, '[[script:cut]] four', { messageId: 'four' });
  await until(
    'the model is asked',
    () => models().calls('cut').length,
    (calls) => calls === 1,
  );
  await tell(person, id, '[[script:urgent]] five', { messageId: 'five', whileAnswering: 'interrupt' });
  expect(await answered(person, id, 'five')).toMatchObject({ content: 'at once', state: 'done' });
  await expect(historyOf(person, id)).resolves.toEqual([
    ...['user: [[script:slow]] one', 'assistant: second (done)', 'user: and this'],
    ...['user: [[script:queued]] later', 'assistant: third (done)'],
    ...[
      'user: [[script:cut]] four',
      'assistant:  (cancelled)',
      'user: [[script:urgent]] five',
      'assistant: at once (done)',
    ],
  ]);
});

test('an answer that fails says why, and the chat goes on', async () => {
  const person = await aPerson();
  models().script('bad', [{ text: 'never', faults: [{ kind: 'bad', times: 'always' }] }]);
  const failed = said(await begin(person, '[[script:bad]] one', WAIT));
  expect(failed.answer).toMatchObject({ content: '', state: 'failed', error: { code: 'llm_bad_request' } });
  models().script('good', [{ text: 'Better.' }]);
  const next = await tell(person, failed.conversationId, '[[script:good]] two', {}, WAIT);
  expect(said(next).answer?.content).toBe('Better.');
});

test('what answers cost of which the chat never heard leaves the next message as much as any', async () => {
  const person = await aPerson();
  models().script('cheap', [{ text: 'Here.', repeat: true }]);
  const { conversationId: id } = said(await begin(person, '[[script:cheap]] Hello', WAIT));
  // As by answers that were cut off, which count at their worst.
  await ground.database.db.inTenant(person.tenantId, (tx) =>
    tx.query(sql.typeAlias('nothing')`
      UPDATE budgets SET spent_micros = 50000000 WHERE scope = ${spendScopes.run(id)}`),
  );
  const next = said(await tell(person, id, '[[script:cheap]] Still there?', {}, { Prefer: 'wait=5' }));
  expect(next.answer).toMatchObject({ content: 'Here.', state: 'done' });
});

test('a chat goes on as a new run when its history grows long, between two messages and in the middle of an answer', async () => {
  const { tenantId } = await aConnectedSite(ground, 'chat', { posts: 3 });
  await aTenantWith(ground.ports, catalogue, tenantId);
  const person = await aPerson(tenantId);
  const read = (n: number) => ({ calls: [{ name: 'list_content', arguments: { resource: 'posts', limit: n } }] });
  models().script('many', [...Array.from({ length: 12 }, (_, n) => read(n + 1)), { text: 'All read.' }]);
  const { conversationId: id } = said(await begin(person, '[[script:many]] Read all', {}, { messageId: 'm1' }));
  const handle = ground.client.workflow.getHandle(conversationId(tenantId, RunId.parse(id)));
  const { runId: firstRun } = await handle.describe();
  await until(
    'a new run, while it answers',
    () => handle.describe(),
    ({ runId }) => runId !== firstRun,
  );
  expect(await answered(person, id, 'm1')).toMatchObject({ content: 'All read.' });
  expect(paid('many')).toBe(13);
  models().script('long', [{ text: 'answer {{step}}', repeat: true }]);
  for (let n = 0; n <= 3; n += 1) await tell(person, id, `[[script:long]] message ${n}`, {}, WAIT);
  const prompt = models().prompts('long').at(-1) ?? '';
  for (const part of ['All read.', 'message 0', 'message 3']) expect(prompt).toContain(part);
});

test('a chat whose workflow was ended in the middle of an answer says so, and the next message gets an answer of its own', async () => {
  const person = await aPerson();
  models().script('lost', [{ text: 'of the lost message', delayMs: 400 }]);
  const { conversationId: id } = said(await begin(person, '[[script:lost]] one', {}, { messageId: 'one' }));
  await until(
    'the model is asked',
    () => models().calls('lost').length,
    (calls) => calls === 1,
  );
  const head = { tenantId: person.tenantId, runId: RunId.parse(id) };
  await ground.client.workflow.getHandle(conversationId(head.tenantId, head.runId)).terminate();
  // Its activity does not know yet, and keeps what was paid for.
  await until(
    'the answer is kept',
    () => ground.ports.transcripts.usage(head),
    ({ modelCalls }) => modelCalls === 1,
  );
  models().script('next', [{ text: 'of the next message' }]);
  const next = said(await tell(person, id, '[[script:next]] two', {}, WAIT));
  expect(next.answer).toMatchObject({ content: 'of the next message', state: 'done' });
  expect(await answered(person, id, 'one')).toMatchObject({ state: 'failed', error: { code: 'unavailable' } });
});

test('a streamed answer comes in pieces as it is written, a new attempt makes void what was shown, and the answer is the last word', async () => {
  const person = await aPerson();
  const text = 'All of these words come one by one, while the model is still at work on the rest of them.';
  models().script('stream', [{ text, pieceDelayMs: 40, faults: [{ kind: 'cut', times: 1 }] }]);
  const streamed = await begin(person, '[[script:stream]] Tell me', { Accept: 'text/event-stream' });
  expect(streamed.headers.get('content-type')).toContain('text/event-stream');
  const events = eventsOf(streamed.text);
  const names = events.map(({ name }) => name);
  expect([names[0], names.at(-1)]).toEqual(['said', 'answer']);
  expect(names).toContain('reset');
  const since = events.slice(names.lastIndexOf('reset') + 1);
  const pieces = since.filter(({ name }) => name === 'token').map(({ data }) => String(data['text']));
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.join('')).toBe(text);
  expect(events.at(-1)?.data).toMatchObject({ content: text, state: 'done' });
  // Later viewers are given the same, and somebody else nothing.
  const { conversationId: id, messageId } = events[0]?.data as unknown as Said;
  const again = await api.get(`/api/v1/conversations/${id}/messages/${messageId}`, {
    ...{ as: person, headers: { Accept: 'text/event-stream' } },
  });
  expect(eventsOf(again.text).at(-1)).toMatchObject({ name: 'answer', data: { content: text } });
  const stranger = await aPerson(person.tenantId);
  for (const path of ['', '/messages', `/messages/${messageId}`]) {
    await expect(api.get(`/api/v1/conversations/${id}${path}`, { as: stranger })).resolves.toMatchObject({
      status: 404,
    });
  }
  await expect(api.get(`/api/v1/runs/${id}/stream`, { as: stranger })).resolves.toMatchObject({ status: 404 });
  await expect(tell(stranger, id, 'mine')).resolves.toMatchObject({ status: 404 });
});

test('whom an agent’s access list does not name cannot chat with it, nor go on with it once taken off', async () => {
  const person = await aPerson();
  models().script('access', [{ text: 'Yes.' }]);
  const { conversationId: id } = said(await begin(person, '[[script:access]] May I?', WAIT));
  const { version, settings } = await settingsOf(person.tenantId);
  const access = { roles: ['tenant_admin' as const], users: [] };
  await ground.ports.agents.change(person.tenantId, 'Tester', version, { ...settings, access }, []);
  await expect(begin(person, 'And now?')).resolves.toMatchObject({ status: 403 });
  await expect(tell(person, id, 'And now?')).resolves.toMatchObject({ status: 403 });
});

test('a deleted conversation is gone with all that was said, and the agent stops at once', async () => {
  const person = await aPerson();
  models().script('gone', [{ text: 'too late', delayMs: 10_000 }]);
  const { conversationId: id } = said(await begin(person, '[[script:gone]] secret', {}));
  await until(
    'the model is asked',
    () => models().calls('gone').length,
    (calls) => calls === 1,
  );
  await expect(api.ask('DELETE', `/api/v1/conversations/${id}`, { as: person })).resolves.toMatchObject({
    status: 200,
  });
  await expect(api.get(`/api/v1/conversations/${id}`, { as: person })).resolves.toMatchObject({ status: 404 });
  const [left] = await ground.database.db.inTenant(person.tenantId, (tx) =>
    tx.any(sql.typeAlias('count')`SELECT count(*) FROM content WHERE body LIKE '%secret%'`),
  );
  expect(left).toEqual({ count: 0 });
  const handle = ground.client.workflow.getHandle(conversationId(person.tenantId, RunId.parse(id)));
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await expect(tell(person, id, 'again')).resolves.toMatchObject({ status: 404 });
});
