import { expect, test } from '@jest/globals';
import type { Ports } from '../../ports/index.ts';
import type { ConnectionId, RunId, TenantId } from '../../ports/ids.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import { chunks } from './chunks.ts';
import { createSinks } from './index.ts';

const runId = '33333333-3333-4333-8333-333333333333' as RunId;
const ref: StreamRef = {
  tenantId: '11111111-1111-4111-8111-111111111111' as TenantId,
  connectionId: '22222222-2222-4222-8222-222222222222' as ConnectionId,
  stream: 'posts',
};

function open() {
  const stored = new Map<string, string>();
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    async (...given: unknown[]): Promise<void> =>
      void calls.push([name, ...given]);
  const sinks = createSinks({
    objects: {
      put: async (_tenant: TenantId, key: string, body: string) => void stored.set(key, body),
    } as unknown as Ports['objects'],
    knowledge: { put: note('put'), remove: note('remove'), clear: note('clear') } as unknown as Ports['knowledge'],
  });
  return { sinks, stored, calls };
}

test('the store gets one object a page, its name and content the same when delivered again', async () => {
  const { sinks, stored } = open();
  const rows = [
    { row: { externalId: '7', modifiedAt: null, email: 'a@b.test', note: 'line\u2028end 😀\n' }, hash: 'h7' },
  ];
  await sinks.deliver('store', ref, { runId, page: 3, rows });
  const first = new Map(stored);
  await sinks.deliver('store', ref, { runId, page: 3, rows });
  expect(stored).toEqual(first);
  const [[key, body] = ['', '']] = [...stored];
  expect(key).toBe(`connections/${ref.connectionId}/posts/${runId}-00000003.jsonl`);
  expect(body.split('\n')).toHaveLength(2);
  expect(body).not.toContain('\u2028');
  expect(JSON.parse(body)).toEqual({ key: '7@h7', op: 'upsert', record: rows[0]?.row });
});

test('deletes of a page stand beside its records, and nothing is written for nothing', async () => {
  const { sinks, stored } = open();
  await sinks.deliver('store', ref, { runId, page: 1, rows: [] });
  await sinks.remove('store', ref, { runId, page: 1, externalIds: [] });
  expect(stored.size).toBe(0);
  await sinks.remove('store', ref, { runId, page: 1, externalIds: ['7', '8'] });
  const [[key, body] = ['', '']] = [...stored];
  expect(key).toMatch(/-00000001-deleted\.jsonl$/);
  expect(
    body
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { op: string }).op),
  ).toEqual(['delete', 'delete']);
});

test('knowledge gets title, link and passages; removal and clearing pass on', async () => {
  const { sinks, calls } = open();
  const row = { externalId: '7', modifiedAt: null, title: 'Bread', link: 'https://a.test/', text: 'Bread takes time.' };
  await sinks.deliver('knowledge', ref, { runId, page: 0, rows: [{ row, hash: 'h' }] });
  await sinks.remove('knowledge', ref, { runId, page: 0, externalIds: ['7'] });
  await sinks.clear(ref.tenantId, ref.connectionId);
  expect(calls).toEqual([
    [
      'put',
      ref,
      { externalId: '7', hash: 'h', title: 'Bread', link: 'https://a.test/', chunks: ['Bread takes time.'] },
    ],
    ['remove', ref, ['7']],
    ['clear', ref.tenantId, ref.connectionId],
  ]);
});

test('records without text are no knowledge', async () => {
  const { sinks } = open();
  const rows = [{ row: { externalId: '7', modifiedAt: null }, hash: 'h' }];
  await expect(sinks.deliver('knowledge', ref, { runId, page: 0, rows })).rejects.toMatchObject({
    code: 'unsupported',
  });
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
