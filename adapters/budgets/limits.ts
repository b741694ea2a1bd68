import type { RateLimitStore } from '../../ports/budgets.ts';
import type { RateLimit } from '../../ports/connector-info.ts';
import type { Limit } from './meter.ts';

/** A change reaches every process within this time. */
const KEPT_MS = 5000;

/** The limits in force of a connector: an admin's go before the declared ones of the same name, and beside the others. */
export function createLimits(store: RateLimitStore, keptMs = KEPT_MS) {
  const kept = new Map<string, { at: number; limits: Promise<RateLimit[]> }>();
  const set = (connectorId: string): Promise<RateLimit[]> => {
    const found = kept.get(connectorId);
    if (found && performance.now() - found.at < keptMs) return found.limits;
    const limits = store.list(connectorId);
    const entry = { at: performance.now(), limits };
    kept.set(connectorId, entry);
    limits.catch(() => kept.get(connectorId) === entry && kept.delete(connectorId));
    // Nobody waits for a change: what was known is good until the answer is there.
    if (!found) return limits;
    entry.limits = found.limits;
    limits.then(
      () => (entry.limits = limits),
      () => undefined,
    );
    return found.limits;
  };
  return async (connectorId: string, declared: RateLimit[], narrow: string[]): Promise<Limit[]> => {
    const all = await set(connectorId);
    // One that the call does not count against is none of its limits, whoever set it.
    const ours = all.filter(({ name }) => !narrow.includes(name) || declared.some((one) => one.name === name));
    const theirs = declared.filter(({ name }) => !ours.some((one) => one.name === name));
    return [
      ...theirs.map((one) => ({ ...one, by: 'manifest' as const })),
      ...ours.map((one) => ({ ...one, by: 'admin' as const })),
    ];
  };
}
