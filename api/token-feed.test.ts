import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { RunId, TenantId } from '../ports/ids.ts';
import type { Piece } from '../ports/token-stream.ts';
import { until } from '../workers/testing/until.ts';
import { createTokenFeed } from './token-feed.ts';

const tenantId = TenantId.parse(randomUUID());
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A stream in memory that counts how often it is asked. */
const aStream = () => {
  const pieces: Piece[] = [];
  const asked: number[] = [];
  const watched: RunId[] = [];
  const swept: string[] = [];
  let away = 0;
  return {
    ...{ asked, watched, swept },
    fails: (times: number) => void (away = times),
    write: (runId: RunId, text: string) =>
      void pieces.push({ seq: pieces.length + 1, runId, step: 0, kind: 'text', text }),
    after: async (runs: { runId: RunId; seq: number }[]) => {
      if (away > 0) {
        away -= 1;
        throw new Error('away');
      }
      asked.push(runs.length);
      return pieces.filter((piece) => runs.some((run) => run.runId === piece.runId && piece.seq > run.seq));
    },
    watch: async (_: TenantId, runId: RunId) => void watched.push(runId),
    sweep: async (before: string) => void swept.push(before),
  };
};

const aViewer = (runId: RunId, seq = 0, isOver: () => boolean = () => false) => {
  const seen: string[] = [];
  const viewer = {
    ...{ tenantId, runId, seq },
    onPiece: ({ text }: Piece) => void seen.push(text),
    ended: async () => (isOver() ? () => void seen.push('the end') : null),
    onClosed: () => void seen.push('closed'),
  };
  return { seen, viewer };
};

test('however many watch, one question is asked at each poll, and none once nobody does', async () => {
  const stream = aStream();
  const feed = createTokenFeed(stream, silent);
  const [one, two] = [RunId.parse(randomUUID()), RunId.parse(randomUUID())];
  const viewers = [...Array.from({ length: 20 }, () => aViewer(one)), aViewer(two)];
  const leaves = viewers.map(({ viewer }) => feed.watch(viewer));
  stream.write(one, 'a');
  stream.write(two, 'b');
  await until(
    'all have seen it',
    () => viewers,
    (all) => all.every(({ seen }) => seen.length === 1),
  );
  expect(viewers.map(({ seen }) => seen[0])).toEqual([...Array.from({ length: 20 }, () => 'a'), 'b']);
  expect(new Set(stream.asked)).toEqual(new Set([2]));
  expect(stream.watched).toEqual([one, two]);
  expect(stream.swept).toHaveLength(1);
  leaves.forEach((leave) => leave());
  await until(
    'it rests',
    () => stream.asked.length,
    (count) => count === stream.asked.length,
  );
  const before = stream.asked.length;
  stream.write(one, 'c');
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(stream.asked.length - before).toBeLessThanOrEqual(1);
  expect(viewers[0]?.seen).toEqual(['a']);
});

test('a viewer goes on from what it saw, is told the end after all that was written before it, and outlives an outage', async () => {
  const stream = aStream();
  const feed = createTokenFeed(stream, silent);
  const runId = RunId.parse(randomUUID());
  stream.write(runId, 'old');
  stream.write(runId, 'new');
  let over = false;
  const late = aViewer(runId, 1, () => over);
  stream.fails(2);
  feed.watch(late.viewer);
  await until(
    'it is served again',
    () => late.seen.length,
    (count) => count === 1,
  );
  stream.write(runId, 'last');
  over = true;
  await until(
    'the end',
    () => late.seen.at(-1),
    (last) => last === 'the end',
  );
  expect(late.seen.slice(0, 3)).toEqual(['new', 'last', 'the end']);
  feed.close();
  expect(late.seen.at(-1)).toBe('closed');
});
