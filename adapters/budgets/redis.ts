import { Redis } from 'ioredis';
import type { Result } from 'ioredis';
import { Fault } from '../../ports/errors.ts';
import type { MeterStore } from './store.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    swapMeter: (...given: string[]) => Result<[number, string, string | null, string], Context>;
  }
}

const ASK_MS = 2000;
const prefix = 'bizosaas:meters';

/** The same as `swap_rate_meter` in PostgreSQL. Versions and moments travel as text: Lua's numbers are not ours. */
const SWAP = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = redis.call('HGET', KEYS[1], 'version') or '0'
local swapped = 0
if ARGV[2] == 'swap' and version == ARGV[1] then
  swapped = 1
  version = string.format('%.0f', math.max(tonumber(ARGV[1]) + 1, now))
  redis.call('HSET', KEYS[1], 'version', version, 'body', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  redis.call('SADD', KEYS[2], KEYS[1])
end
local body = false
if swapped == 0 and version ~= ARGV[1] then body = redis.call('HGET', KEYS[1], 'body') end
return {swapped, version, body, string.format('%.0f', now)}`;

/** In Redis, where many workers share busy budgets. */
export function redisMeters(url: string): MeterStore {
  const redis = new Redis(url, {
    lazyConnect: true,
    commandTimeout: ASK_MS,
    connectTimeout: ASK_MS,
    maxRetriesPerRequest: 1,
  });
  redis.defineCommand('swapMeter', { numberOfKeys: 2, lua: SWAP });
  // Each call throws what is wrong; without a listener the client would print it besides.
  redis.on('error', () => undefined);

  const asked = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await work();
    } catch (cause) {
      throw new Fault('unavailable', 'Redis, where the rate budgets are, does not answer; check REDIS_URL.', { cause });
    }
  };
  const all = (connectorId: string) => `${prefix}:of:${connectorId}`;

  return {
    async swap({ id, connectorId }, seen, body, keepMs) {
      const given = [String(seen), body === null ? 'read' : 'swap', body ?? '', String(keepMs)];
      const [swapped, version, found, now] = await asked(() =>
        redis.swapMeter(`${prefix}:${id}`, all(connectorId), ...given),
      );
      return { swapped: swapped === 1, version: Number(version), body: found, nowMs: Number(now) };
    },
    list: (connectorId) =>
      asked(async () => {
        const [seconds, micros] = await redis.time();
        const keys = await redis.smembers(all(connectorId));
        const bodies = await Promise.all(keys.map((key) => redis.hget(key, 'body')));
        const gone = keys.filter((_, index) => bodies[index] === null);
        if (gone.length > 0) await redis.srem(all(connectorId), ...gone);
        return {
          bodies: bodies.filter((body) => body !== null),
          nowMs: Number(seconds) * 1000 + Number(micros) / 1000,
        };
      }),
    close: async () => redis.disconnect(),
  };
}
