import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RunId, TenantId } from '../../ports/ids.ts';
import type { TokenStreamPort } from '../../ports/token-stream.ts';
import { startTestRedis } from '../../scripts/lib/test-redis.ts';
import { freshDatabase } from '../postgres/testing.ts';
import { postgresTokenStream } from '../postgres/token-stream.ts';
import { redisTokenStream } from './redis.ts';
import { rememberWatched } from './watched.ts';

const { TEST_REDIS_PROGRAM: redis } = process.env;

const STREAMS: Record<
  string,
  { there: boolean; open: () => Promise<{ stream: TokenStreamPort; close: () => Promise<void> }> }
> = {
  'the database': {
    there: true,
    open: async () => {
      const { db, close } = await freshDatabase();
      return { stream: postgresTokenStream(db), close };
    },
  },
  Redis: {
    there: redis !== undefined,
    open: async () => {
      const server = await startTestRedis(redis ?? '');
      const stream = redisTokenStream(server.url);
      return { stream, close: async () => (await stream.close(), server[Symbol.asyncDispose]()) };
    },
  },
};

const aTenantId = () => TenantId.parse(randomUUID());
const aRun = () => RunId.parse(randomUUID());
const text = (step: number, content: string) => ({ step, kind: 'text' as const, text: content });

for (const [name, { there, open }] of Object.entries(STREAMS)) {
  (there ? describe : describe.skip)(`tokens in ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let stream: TokenStreamPort;
    beforeAll(async () => {
      opened = await open();
      stream = opened.stream;
    });
    afterAll(() => opened.close());

    test('pieces come in the order in which they were written, each once to whoever asks after the last it saw', async () => {
      const [tenantId, runId] = [aTenantId(), aRun()];
      for (let n = 0; n < 5; n += 1) {
        await stream.push(tenantId, runId, [text(1, `${n}a\0`), text(1, `${n}b`)]);
      }
      await stream.push(tenantId, runId, [{ step: 1, kind: 'reset', text: '' }]);
      const all = await stream.after([{ tenantId, runId, seq: 0 }]);
      expect(all.map((piece) => piece.text)).toEqual(
        [...Array(5).keys()].flatMap((n) => [`${n}a\0`, `${n}b`]).concat(''),
      );
      expect(all.at(-1)).toMatchObject({ runId, step: 1, kind: 'reset' });
      const seqs = all.map(({ seq }) => seq);
      expect([...new Set(seqs)].sort((a, b) => a - b)).toEqual(seqs);
      expect(String(seqs.at(-1))).toMatch(/^\d{1,15}$/);
      await expect(stream.after([{ tenantId, runId, seq: seqs[8] ?? 0 }])).resolves.toEqual(all.slice(9));
    });

    test('one question serves many runs, each from its own mark, and gives nothing of another tenant’s run', async () => {
      const [tenantId, rival] = [aTenantId(), aTenantId()];
      const [one, two] = [aRun(), aRun()];
      await stream.push(tenantId, one, [text(0, 'one')]);
      await stream.push(rival, two, [text(0, 'two')]);
      const both = await stream.after([
        { tenantId, runId: one, seq: 0 },
        { tenantId: rival, runId: two, seq: 0 },
      ]);
      expect(both.map((piece) => [piece.runId, piece.text]).sort()).toEqual(
        [
          [one, 'one'],
          [two, 'two'],
        ].sort(),
      );
      const [first] = both.filter(({ runId }) => runId === one);
      await expect(
        stream.after([
          { tenantId, runId: one, seq: first?.seq ?? 0 },
          { tenantId, runId: two, seq: 0 },
        ]),
      ).resolves.toEqual([]);
      await expect(stream.after([])).resolves.toEqual([]);
    });

    test('a run is watched once somebody said so, by its own tenant alone', async () => {
      const [tenantId, rival, runId] = [aTenantId(), aTenantId(), aRun()];
      await expect(stream.watched(tenantId, runId)).resolves.toBe(false);
      const seen = aRun();
      await stream.watch(rival, seen);
      await expect(stream.watched(tenantId, seen)).resolves.toBe(false);
      const other = aRun();
      await stream.watch(tenantId, other);
      await stream.watch(tenantId, other);
      await expect(stream.watched(tenantId, other)).resolves.toBe(true);
    });

    if (name === 'Redis') return;
    test('pieces that are old go, of all tenants', async () => {
      const [tenantId, runId] = [aTenantId(), aRun()];
      await stream.push(tenantId, runId, [text(0, 'old')]);
      await stream.sweep(new Date(Date.now() - 60_000).toISOString());
      await expect(stream.after([{ tenantId, runId, seq: 0 }])).resolves.toHaveLength(1);
      await stream.sweep(new Date(Date.now() + 60_000).toISOString());
      await expect(stream.after([{ tenantId, runId, seq: 0 }])).resolves.toEqual([]);
    });
  });
}

test('however often a run writes, whether it is watched is asked once a second, and again after a failure', async () => {
  let asked = 0;
  const watched = rememberWatched(async () => {
    asked += 1;
    if (asked === 1) throw new Error('away');
    return true;
  });
  const [tenantId, runId] = [aTenantId(), aRun()];
  await expect(watched(tenantId, runId)).rejects.toThrow('away');
  for (let n = 0; n < 20; n += 1) await expect(watched(tenantId, runId)).resolves.toBe(true);
  expect(asked).toBe(2);
});
