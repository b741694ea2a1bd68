import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBudgets } from '../adapters/budgets/index.ts';
import { postgresMeters } from '../adapters/budgets/postgres.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { openPostgres } from '../adapters/postgres/pool.ts';
import { postgresRateLimits } from '../adapters/postgres/rate-limits.ts';
import { createLimiter } from '../emulator/records/limiter.ts';
import { isFault } from '../ports/errors.ts';
import { ConnectionId, TenantId } from '../ports/ids.ts';
import { startTestPostgres } from '../scripts/lib/test-postgres.ts';
import { quantile, seconds } from './figures.ts';
import type { Figure } from './figures.ts';

const TENANTS = 20;
const LIMIT = { name: 'calls', scope: 'app', units: 600, perSeconds: 60 } as const;
/** The first minute spends what had been saved up; then the limit is all there is. */
const WARM_UP_MS = 60_000;
const MEASURED_MS = 60_000;
/** The smallest tenant asks this often, all others without a pause. */
const SMALL_EVERY_MS = 2000;
const CALL_MS = 50;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Twenty tenants want more than one application may ask; two processes share the limit, and the vendor counts. */
export const measureLimits = async (): Promise<Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'bizosaas-bench-'));
  const place = { logDir: folder, runDir: folder, signal: new AbortController().signal };
  const postgres = await startTestPostgres(place, folder);
  await migrate(postgres.url);
  const db = openPostgres(postgres.url, { max: 10 });
  const open = () =>
    createBudgets({ store: postgresMeters(db), limits: postgresRateLimits(db), tell: async () => undefined });
  const processes = [open(), open()];
  const vendor = createLimiter(Date.now, { units: LIMIT.units, perMs: LIMIT.perSeconds * 1000 });
  const began = Date.now();
  const until = began + WARM_UP_MS + MEASURED_MS;
  let used = 0;
  const waits: number[] = [];

  const tenant = async (place: number): Promise<void> => {
    const small = place === 0;
    const budgets = processes[place % processes.length];
    const tenantId = TenantId.parse(randomUUID());
    const connectionId = ConnectionId.parse(randomUUID());
    const ask = { tenantId, connectionId, connectorId: 'bench', lane: 'backfill', cost: 1, inFlightMax: 8 } as const;
    while (Date.now() < until) {
      const asked = performance.now();
      try {
        const lease = await budgets?.take(ask, [LIMIT], 20_000);
        const measured = Date.now() > began + WARM_UP_MS;
        if (vendor.take()?.ok && measured) used += 1;
        await pause(CALL_MS);
        lease?.settle({});
        if (small && measured) waits.push(performance.now() - asked - CALL_MS);
      } catch (error) {
        if (!isFault(error, 'provider_rate_limited')) throw error;
        await pause(Math.min(error.retryAfterMs ?? 1000, 1000));
      }
      if (small) await pause(SMALL_EVERY_MS);
    }
  };

  try {
    await Promise.all(Array.from({ length: TENANTS }, (_, place) => tenant(place)));
    return [
      {
        figure: `${TENANTS} tenants on ${LIMIT.units} calls a minute: used`,
        value: `${Math.round((used / LIMIT.units) * 1000) / 10} %`,
        against: `${vendor.control.refused()} refused by the vendor`,
      },
      { figure: 'the smallest tenant’s wait, p95', value: seconds(quantile(waits, 0.95)) },
    ];
  } finally {
    await Promise.all(processes.map((budgets) => budgets.close()));
    await db.close();
    await postgres.child.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
