import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Utterance } from '../../ports/conversations.ts';
import { RunId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { postgresBoard } from './board.ts';
import { postgresContent } from './content.ts';
import { postgresConversations } from './conversations.ts';
import { sql } from './sql.ts';
import { postgresStores } from './stores.ts';
import { postgresTenants } from './tenants.ts';
import { anAnswer } from './testing-agents.ts';
import { aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let tenantId: TenantId;
let rival: TenantId;
beforeAll(async () => {
  fresh = await freshDatabase();
  const tenants = postgresTenants(fresh.db);
  tenantId = await aTenant({ tenants });
  rival = await aTenant({ tenants });
});
afterAll(() => fresh.close());

const aRun = () => RunId.parse(randomUUID());
const aPerson = () => UserId.parse(randomUUID());
const store = () => postgresConversations(fresh.db);
const board = () => postgresBoard(fresh.db);

const opened = async (userId = aPerson(), title = 'Hello') => {
  const id = aRun();
  await store().open(tenantId, { id, agentId: 'SalesAssistant', userId, title });
  return { id, userId };
};
const question = (messageId: string, content: string, saidInto: string | null = null) =>
  ({ messageId, role: 'user', content, saidInto, step: null, state: null, error: null }) as const;
const answer = (messageId: string, content: string, state: Utterance['state']) =>
  ({ messageId, role: 'assistant', content, saidInto: null, step: 3, state, error: null }) as const;

test('a conversation is opened once, and nobody else takes its id', async () => {
  const { id, userId } = await opened();
  const again = { id, agentId: 'SalesAssistant', userId, title: 'Another title' };
  await expect(store().open(tenantId, again)).resolves.toMatchObject({ title: 'Hello' });
  await expect(store().open(tenantId, { ...again, userId: aPerson() })).rejects.toMatchObject({ code: 'conflict' });
  await expect(store().open(tenantId, { ...again, agentId: 'Other' })).rejects.toMatchObject({ code: 'conflict' });
});

test('what was said twice under one id was said once; the end of an answer comes once', async () => {
  const { id } = await opened();
  await store().say(tenantId, id, question('m1', 'What is due?'));
  await store().say(tenantId, id, question('m1', 'Something else'));
  await store().say(tenantId, id, answer('m1', '', null));
  await expect(store().find(tenantId, id, 'm1', 'assistant')).resolves.toMatchObject({ state: null, step: 3 });
  await store().say(tenantId, id, answer('m1', 'Two invoices.', 'done'));
  await store().say(tenantId, id, answer('m1', 'Something else', 'failed'));
  const { data } = await store().history(tenantId, id, { limit: 10 });
  expect(data).toMatchObject([
    { messageId: 'm1', role: 'user', content: 'What is due?', state: null },
    { messageId: 'm1', role: 'assistant', content: 'Two invoices.', state: 'done', step: 3 },
  ]);
});

test('text that PostgreSQL refuses comes back as it was said', async () => {
  const { id } = await opened();
  const odd = 'a\0b \ud800 c';
  await store().say(tenantId, id, answer('m1', odd, 'done'));
  await expect(store().find(tenantId, id, 'm1', 'assistant')).resolves.toMatchObject({ content: odd });
});

test('a message that was said into another one has that one’s answer', async () => {
  const { id } = await opened();
  await store().say(tenantId, id, question('m1', 'first'));
  await store().say(tenantId, id, question('m2', 'and this', 'm1'));
  await store().say(tenantId, id, answer('m1', 'both', 'done'));
  await expect(store().find(tenantId, id, 'm2', 'assistant')).resolves.toMatchObject({ messageId: 'm1' });
  await expect(store().find(tenantId, id, 'm2', 'user')).resolves.toMatchObject({ saidInto: 'm1' });
});

test('a history pages through everything once, oldest first; people see their own conversations, newest first', async () => {
  const person = aPerson();
  const ids = [];
  for (const title of ['one', 'two', 'three']) ids.unshift((await opened(person, title)).id);
  await opened();
  const first = await store().list(tenantId, person, { limit: 2 });
  const rest = await store().list(tenantId, person, { limit: 2, cursor: first.nextCursor ?? '' });
  expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(ids);
  await expect(store().list(tenantId, person, { limit: 2 }, 'Other')).resolves.toMatchObject({ data: [] });
  const [id = aRun()] = ids;
  for (let n = 1; n <= 5; n += 1) await store().say(tenantId, id, question(`m${n}`, `text ${n}`));
  const early = await store().history(tenantId, id, { limit: 3 });
  const late = await store().history(tenantId, id, { limit: 3, cursor: early.nextCursor ?? '' });
  expect([...early.data, ...late.data].map(({ messageId }) => messageId)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  expect(late.nextCursor).toBeNull();
  await expect(store().history(tenantId, id, { limit: 3, cursor: first.nextCursor ?? '' })).rejects.toMatchObject({
    code: 'invalid_request',
  });
});

test('where an agent stands is kept; a conversation that goes takes all that was said along', async () => {
  const { id } = await opened();
  await expect(store().stand(tenantId, id)).resolves.toEqual({ kept: null, turns: 0 });
  await store().keepStand(tenantId, id, { upto: 4 });
  await expect(store().stand(tenantId, id)).resolves.toEqual({ kept: { upto: 4 }, turns: 0 });
  await store().say(tenantId, id, question('m1', 'secret'));
  await fresh.db.inTenant(tenantId, (tx) =>
    tx.query(sql.typeAlias('nothing')`
      INSERT INTO transcript (tenant_id, run_id, seq, message) VALUES (${tenantId}, ${id}, 0, '"secret"')`),
  );
  await store().remove(tenantId, id);
  await store().remove(tenantId, id);
  for (const table of ['conversation_messages', 'transcript']) {
    const [left] = await fresh.db.inTenant(tenantId, (tx) =>
      tx.any(sql.typeAlias('count')`
        SELECT count(*) FROM ${sql.identifier([table])} AS t WHERE to_jsonb(t) ->> 'message' LIKE '%secret%'
          OR to_jsonb(t) ->> 'content' LIKE '%secret%'`),
    );
    expect(left).toEqual({ count: 0 });
  }
  await expect(store().get(tenantId, id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(store().say(tenantId, id, question('m2', 'late'))).rejects.toMatchObject({ code: 'not_found' });
  await store().keepStand(tenantId, id, { upto: 5 });
});

test('what nobody will answer any more has failed; what was answered stays', async () => {
  const { id } = await opened();
  for (const name of ['m1', 'm2', 'm3']) await store().say(tenantId, id, question(name, name));
  await store().say(tenantId, id, question('m4', 'm4', 'm2'));
  await store().say(tenantId, id, answer('m1', 'done', 'done'));
  await store().say(tenantId, id, answer('m2', '', null));
  await store().failUnanswered(tenantId, id);
  await store().failUnanswered(tenantId, id);
  const { data } = await store().history(tenantId, id, { limit: 20 });
  expect(data.filter(({ role }) => role === 'assistant').map(({ messageId, state }) => [messageId, state])).toEqual([
    ['m1', 'done'],
    ['m2', 'failed'],
    ['m3', 'failed'],
  ]);
});

test('another tenant finds neither the conversation, nor what was said, nor the board, nor a message', async () => {
  const { id, userId } = await opened();
  await store().say(tenantId, id, question('m1', 'secret'));
  await expect(store().get(rival, id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(store().history(rival, id, { limit: 5 })).rejects.toMatchObject({ code: 'not_found' });
  await expect(store().find(rival, id, 'm1', 'user')).resolves.toBeNull();
  await expect(store().list(rival, userId, { limit: 5 })).resolves.toMatchObject({ data: [] });
  await expect(store().say(rival, id, question('m2', 'mine'))).rejects.toMatchObject({ code: 'not_found' });
  const content = await postgresContent(fresh.db).put(tenantId, 'plan');
  await board().write(tenantId, id, { key: 'plan', author: 'A', content, expected: null, opId: '1' });
  await board().send(tenantId, id, { from: 'A', to: null, content, opId: '1' });
  await expect(board().read(rival, id)).resolves.toEqual([]);
  await expect(board().messages(rival, id, 'A', 0)).resolves.toEqual([]);
});

test('of many who write the same version of an entry, one does; a repetition is the same write', async () => {
  const crew = aRun();
  const content = await postgresContent(fresh.db).put(tenantId, 'plan');
  const write = (opId: string, expected: number | null) =>
    board().write(tenantId, crew, { key: 'plan', author: opId, content, expected, opId });
  const ends = await Promise.allSettled(['a', 'b', 'c', 'd'].map((opId) => write(opId, 0)));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const [{ author: winner = '' } = {}] = await board().read(tenantId, crew);
  await expect(write(winner, 0)).resolves.toEqual({ version: 1 });
  await expect(write('e', 1)).resolves.toEqual({ version: 2 });
  await expect(write('f', 1)).rejects.toMatchObject({ code: 'conflict' });
  await expect(write('g', null)).resolves.toEqual({ version: 3 });
  await expect(board().read(tenantId, crew)).resolves.toMatchObject([
    { key: 'plan', version: 3, author: 'g', content },
  ]);
});

test('messages have numbers without holes, each is sent once, and reaches whom it is for', async () => {
  const crew = aRun();
  const content = await postgresContent(fresh.db).put(tenantId, 'note');
  const send = (opId: string, to: string | null) => board().send(tenantId, crew, { from: 'Lead', to, content, opId });
  await Promise.all([1, 2, 3, 4].flatMap((n) => [send(`to-a-${n}`, 'A'), send(`to-a-${n}`, 'A')]));
  await send('to-b', 'B');
  await send('to-all', null);
  const forA = await board().messages(tenantId, crew, 'A', 0);
  expect(forA.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 6]);
  expect(forA.at(-1)).toMatchObject({ from: 'Lead', to: null, content });
  await expect(board().messages(tenantId, crew, 'B', 4)).resolves.toMatchObject([{ seq: 5 }, { seq: 6 }]);
  // No message has such a number: whoever asks is told so, and does not ask again and again.
  await expect(board().messages(tenantId, crew, 'B', 2 ** 40)).rejects.toMatchObject({ code: 'invalid_request' });
});

test('of an answer that was under way when its chat was deleted the cost is kept and no word; a run is no chat', async () => {
  const stores = postgresStores(fresh.db);
  const { id } = await opened();
  const [chat, plain] = [
    { tenantId, runId: id },
    { tenantId, runId: aRun() },
  ];
  const secret = { role: 'assistant' as const, content: 'secret', toolCalls: [] };
  const line = { agentId: 'a', tool: 't', effect: 'read', argsHash: 'h', ok: true, receipt: null } as const;
  for (const run of [chat, plain]) {
    const kind = run === chat ? ('conversation' as const) : ('agent' as const);
    await stores.agentRuns.begin(tenantId, {
      ...{ runId: run.runId, kind, subject: 'a', parentRunId: null, operationId: null, version: 1, sandbox: false },
      ...{ pin: null, limits: { steps: 1, toolCalls: 1, tokens: 1, micros: 1 }, startedBy: 'p' },
    });
    const from = [{ scope: `run/${run.runId}`, limitMicros: null }];
    await stores.spending.reserve({ run, step: 0, id: 'a' }, { agentId: 'a', micros: 900, from });
    await stores.transcripts.append(run, 0, [secret]);
    await store().remove(tenantId, run.runId);
    await stores.transcripts.journal(
      { run, step: 0, id: 'a' },
      { agentId: 'a', answer: anAnswer({ content: 'secret' }), promptHash: 'h', said: { seq: 1, message: secret } },
    );
    await stores.transcripts.recordTool(
      run,
      { ...line, seq: 2, approvalId: null, flagged: false, ms: 1, bytes: 1 },
      { role: 'tool', toolCallId: 'c', content: 'secret' },
    );
    await stores.transcripts.append(run, 3, [secret]);
    await expect(stores.transcripts.usage(run)).resolves.toMatchObject({
      modelCalls: 1,
      toolCalls: 1,
      costMicros: 500,
    });
    await expect(stores.spending.get(tenantId, `run/${run.runId}`)).resolves.toMatchObject({
      ...{ reservedMicros: 0, spentMicros: 500 },
    });
  }
  const left = async (run: typeof chat) =>
    (await stores.transcripts.lines(run, { limit: 9 })).data.map(({ seq }) => seq);
  await expect(left(chat)).resolves.toEqual([]);
  await expect(stores.transcripts.turn(chat, { step: 0, from: 0, upto: 0 })).resolves.toMatchObject({ answer: null });
  await expect(left(plain)).resolves.toEqual([1, 2, 3]);
});

test('an answer’s turns end where the next answer’s begin, and nothing is known of a chat that is gone', async () => {
  const { id } = await opened();
  const soFar = (messageId: string) => store().answerSoFar(tenantId, id, messageId);
  await store().say(tenantId, id, question('m1', 'one'));
  await expect(soFar('m1')).resolves.toBeNull();
  await store().say(tenantId, id, answer('m1', 'done', 'done'));
  await store().say(tenantId, id, question('m2', 'and', 'm1'));
  await expect(soFar('m2')).resolves.toMatchObject({ answer: { messageId: 'm1', step: 3 }, nextStep: null });
  await store().say(tenantId, id, { ...answer('m3', '', null), step: 5 });
  await expect(soFar('m1')).resolves.toMatchObject({ nextStep: 5 });
  await expect(soFar('m3')).resolves.toMatchObject({ nextStep: null });
  await store().remove(tenantId, id);
  await expect(soFar('m1')).rejects.toMatchObject({ code: 'not_found' });
});
