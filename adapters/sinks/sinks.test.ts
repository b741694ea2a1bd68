import { expect, test } from '@jest/globals';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { SinkBatch } from '../../ports/sinks.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import { chunks } from './chunks.ts';
import { knowledgeSink } from './knowledge.ts';
import { storeSink } from './store.ts';

const ref: StreamRef = {
  tenantId: '11111111-1111-4111-8111-111111111111' as TenantId,
  connectionId: '22222222-2222-4222-8222-222222222222' as ConnectionId,
  stream: 'posts',
};
const batch = (part: string): SinkBatch => ({
  runId: '33333333-3333-4333-8333-333333333333',
  startedAt: '2026-11-21T09:08:07.123Z',
  choice: 'c',
  part,
  signal: new AbortController().signal,
});
const known = { version: 0, targetId: null };

function aStore() {
  const stored = new Map<string, string>();
  const put = async (_tenant: TenantId, key: string, body: string) => void stored.set(key, body);
  return { sink: storeSink({ objects: { put } as never }), stored };
}

test('the store gets one object a part, its name and content the same when delivered again', async () => {
  const { sink, stored } = aStore();
  const row = { externalId: '7', modifiedAt: null, email: 'a@b.test', note: 'line\u2028end 😀\n' };
  const deliver = () =>
    sink.deliver({ sink: 'store' }, ref, { ...batch('00000003'), rows: [{ row, hash: 'h7', known }] });
  await deliver();
  const first = new Map(stored);
  await deliver();
  expect(stored).toEqual(first);
  const [[key, body] = ['', '']] = [...stored];
  expect(key).toBe(`connections/${ref.connectionId}/posts/20261121T090807Z-${batch('').runId}-00000003.jsonl`);
  expect(body.split('\n')).toHaveLength(2);
  expect(body).not.toContain('\u2028');
  expect(JSON.parse(body)).toEqual({ key: '7@h7', op: 'upsert', record: row });
});

test('deletes of a run stand beside its records, and nothing is written for nothing', async () => {
  const { sink, stored } = aStore();
  await sink.deliver({ sink: 'store' }, ref, { ...batch('00000001'), rows: [] });
  await sink.remove({ sink: 'store' }, ref, { ...batch('deleted-00000000'), externalIds: [] });
  expect(stored.size).toBe(0);
  await sink.remove({ sink: 'store' }, ref, { ...batch('deleted-00000000'), externalIds: ['7', '8'] });
  const [[key, body] = ['', '']] = [...stored];
  expect(key).toMatch(/-deleted-00000000\.jsonl$/);
  const ops = body.trim().split('\n');
  expect(ops.map((line) => (JSON.parse(line) as { op: string }).op)).toEqual(['delete', 'delete']);
});

function aKnowledge() {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    async (...given: unknown[]): Promise<void> =>
      void calls.push([name, ...given]);
  return { sink: knowledgeSink({ knowledge: { put: note('put'), remove: note('remove') } as never }), calls };
}

test('knowledge gets title, link and passages; removal passes on', async () => {
  const { sink, calls } = aKnowledge();
  const row = { externalId: '7', modifiedAt: null, title: 'Bread', link: 'https://a.test/', text: 'Bread takes time.' };
  await sink.deliver({ sink: 'knowledge' }, ref, { ...batch('0'), rows: [{ row, hash: 'h', known }] });
  await sink.remove({ sink: 'knowledge' }, ref, { ...batch('0'), externalIds: ['7'] });
  expect(calls).toEqual([
    [
      'put',
      ref,
      { externalId: '7', hash: 'h', title: 'Bread', link: 'https://a.test/', chunks: ['Bread takes time.'] },
    ],
    ['remove', ref, ['7']],
  ]);
});

test('records without text are no knowledge', async () => {
  const rows = [{ row: { externalId: '7', modifiedAt: null }, hash: 'h', known }];
  const delivery = aKnowledge().sink.deliver({ sink: 'knowledge' }, ref, { ...batch('0'), rows });
  await expect(delivery).rejects.toMatchObject({ code: 'unsupported' });
});

const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');

test.each([
  [0, 0],
  [1, 1],
  [500, 1],
  [501, 2],
  [950, 2],
  [951, 3],
])('%i words make %i passages of at most 500, neighbours sharing 50', (count, expected) => {
  const passages = chunks(words(count)).map((passage) => passage.split(' '));
  expect(passages).toHaveLength(expected);
  expect(new Set(passages.flat()).size).toBe(count);
  for (const [index, passage] of passages.entries()) {
    expect(passage.length).toBeLessThanOrEqual(500);
    if (index > 0) expect(passage.slice(0, 50)).toEqual(passages[index - 1]?.slice(-50));
  }
});
