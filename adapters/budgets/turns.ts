import { LANES } from '../../ports/connectors.ts';
import type { Want } from './meter.ts';

/** Tenants whose last turn is remembered. Whoever is forgotten goes first, as one who waited long. */
const REMEMBERED = 500;

/**
 * The calls that wait, in the order in which they go: lane by lane, and within one the tenants take turns, beginning with the
 * one whose last turn is longest ago. Calls of one tenant keep their order.
 */
export function* inTurn<Call extends Want>(waiting: readonly Call[], turns: Record<string, number>): Generator<Call> {
  for (const lane of LANES) {
    const queues = new Map<string, Call[]>();
    for (const call of waiting) {
      if (call.lane !== lane) continue;
      const queue = queues.get(call.tenantId);
      if (queue) queue.push(call);
      else queues.set(call.tenantId, [call]);
    }
    // Whoever had a turn in this very round goes behind all that are still to have theirs.
    let round = [...queues.keys()].sort((a, b) => (turns[a] ?? 0) - (turns[b] ?? 0));
    while (round.length > 0) {
      const still: string[] = [];
      for (const tenantId of round) {
        const queue = queues.get(tenantId) ?? [];
        const call = queue.shift();
        if (call) yield call;
        if (queue.length > 0) still.push(tenantId);
      }
      round = still;
    }
  }
}

export function hadTurn(turns: Record<string, number>, tenantId: string): void {
  turns[tenantId] = Math.max(0, ...Object.values(turns)) + 1;
  const known = Object.entries(turns);
  if (known.length <= REMEMBERED) return;
  const [oldest] = known.sort(([, a], [, b]) => a - b)[0] ?? [''];
  delete turns[oldest];
}
