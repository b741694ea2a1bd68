import { Redis } from 'ioredis';
import type { Result } from 'ioredis';
import { Fault } from '../../ports/errors.ts';
import type { RunId, TenantId } from '../../ports/ids.ts';
import type { Piece, TokenStreamPort } from '../../ports/token-stream.ts';
import { rememberWatched } from './watched.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    pushPieces: (...given: string[]) => Result<number, Context>;
  }
}

const ASK_MS = 2000;
const WATCH_SECONDS = 30;
const KEEP_SECONDS = 600;
/** Of one run: far more than the longest answers have. */
const PIECES_MAX = 20_000;
const READ_MAX = 5000;
const prefix = 'bizosaas:tokens';

const keyOf = (tenantId: TenantId, runId: RunId) => `${prefix}:${tenantId}:${runId}`;
const watchOf = (tenantId: TenantId, runId: RunId) => `${prefix}:watched:${tenantId}:${runId}`;

/** Numbers begin at the server's own clock, so that a stream that was lost goes on above what its viewers saw. */
const PUSH = `
local time = redis.call('TIME')
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local seq = time[1] * 1000 + math.floor(time[2] / 1000)
if #last > 0 then seq = math.max(seq, tonumber(string.match(last[1][1], '^%d+')) + 1) end
for index, piece in ipairs(ARGV) do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${PIECES_MAX}, string.format('%.0f-0', seq + index - 1), 'piece', piece)
end
redis.call('EXPIRE', KEYS[1], ${KEEP_SECONDS})
return #ARGV`;

type Kept = Pick<Piece, 'step' | 'kind' | 'text'>;

/** In Redis Streams, one for each run, which forgets itself. */
export function redisTokenStream(url: string): TokenStreamPort {
  const redis = new Redis(url, {
    lazyConnect: true,
    commandTimeout: ASK_MS,
    connectTimeout: ASK_MS,
    maxRetriesPerRequest: 1,
  });
  redis.defineCommand('pushPieces', { numberOfKeys: 1, lua: PUSH });
  // Each call throws what is wrong; without a listener the client would print it besides.
  redis.on('error', () => undefined);

  const asked = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await work();
    } catch (cause) {
      throw new Fault('unavailable', 'Redis, where answers are streamed, does not answer; check REDIS_URL.', { cause });
    }
  };

  return {
    watched: rememberWatched((tenantId, runId) =>
      asked(async () => (await redis.exists(watchOf(tenantId, runId))) === 1),
    ),
    push: (tenantId, runId, pieces) =>
      asked(async () => {
        const kept = pieces.map(({ step, kind, text }) => JSON.stringify({ step, kind, text } satisfies Kept));
        if (kept.length > 0) await redis.pushPieces(keyOf(tenantId, runId), ...kept);
      }),
    watch: (tenantId, runId) =>
      asked(async () => void (await redis.set(watchOf(tenantId, runId), '1', 'EX', WATCH_SECONDS))),
    after: (runs) =>
      asked(async () => {
        if (runs.length === 0) return [];
        const keys = runs.map(({ tenantId, runId }) => keyOf(tenantId, runId));
        const seen = runs.map(({ seq }) => `${seq}-0`);
        const streams = (await redis.xread('COUNT', READ_MAX, 'STREAMS', ...keys, ...seen)) ?? [];
        const runOf = new Map(runs.map(({ tenantId, runId }) => [keyOf(tenantId, runId), runId]));
        return streams.flatMap(([key, entries]) =>
          entries.flatMap(([id, [, body = 'null']]): Piece[] => {
            const runId = runOf.get(key);
            return runId === undefined ? [] : [{ ...(JSON.parse(body) as Kept), runId, seq: Number(id.split('-')[0]) }];
          }),
        );
      }),
    // Streams forget themselves.
    sweep: async () => undefined,
    close: async () => redis.disconnect(),
  };
}
