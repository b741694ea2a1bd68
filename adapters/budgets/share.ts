import type { BudgetEnd } from '../../ports/budgets.ts';
import { Fault } from '../../ports/errors.ts';
import { createExchange } from './exchange.ts';
import type { Calls, ExchangeParts, Terms } from './exchange.ts';
import type { Ended, Want } from './meter.ts';
import { createQueue } from './queue.ts';
import { createSpare } from './spare.ts';

export interface Timing {
  /** After so long without a sign of life, what a process held comes back. */
  leaseMs: number;
  /** How long leave in advance holds. */
  spareMs: number;
  /** What ended is said after so long at the latest. */
  flushMs: number;
  /** How often the store is asked where nobody knows when something will be free, and at least. */
  askMs: number;
  askMaxMs: number;
  /** A budget that nobody used for so long is forgotten here. */
  idleMs: number;
}

/** One call's leave of one budget. */
export interface Leave {
  waited: boolean;
  end: (how: BudgetEnd & { cost: number }) => void;
}

/** What this process has of one budget. */
export interface Share {
  take: (want: Want, terms: Terms, waitMs: number, signal?: AbortSignal) => Promise<Leave>;
  /** Says what ended and gives back what is not in use. */
  close: () => Promise<void>;
}

const MIN_ASK_MS = 5;

/** Soon when something comes back soon; now and then when it is long until then, as others may give back what they do not use. */
const askAgainMs = (againMs: number | null, { askMs, askMaxMs }: Timing): number =>
  againMs === null
    ? askMs
    : Math.min(Math.max(againMs, MIN_ASK_MS), Math.min(Math.max(askMaxMs, againMs / 10), 10 * askMaxMs));

interface Parts extends Omit<ExchangeParts, 'leaseMs'> {
  timing: Timing;
  onIdle: () => void;
}

export function createShare(parts: Parts): Share {
  const { timing, clock, onIdle } = parts;
  let terms: Terms = { limits: [], callsMax: null };
  let [running, again, contested, closed, unsaid] = [false, false, false, false, false];
  let againMs: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  const underWay: Calls['underWay'] = new Set();
  const ended: Ended[] = [];
  const spare = createSpare(timing.spareMs);
  const queue = createQueue(() => void exchangeNow());

  const begin = (call: { units: number }) => {
    underWay.add(call);
    spare.began(call.units, underWay.size);
  };
  const exchange = createExchange(
    { ...parts, leaseMs: timing.leaseMs },
    { queue, spare, underWay, ended, begin, terms: () => terms },
  );

  /** One at a time; those that ask meanwhile are served by one more. */
  async function exchangeNow(): Promise<void> {
    again = true;
    if (running || closed) return;
    running = true;
    try {
      while (again) {
        again = false;
        unsaid = false;
        ({ againMs, contested } = await exchange());
      }
    } catch (error) {
      againMs = null;
      queue.failAll(error);
    }
    running = false;
    due = Infinity;
    arm();
  }

  const isIdle = () => queue.calls.length + ended.length + underWay.size === 0 && spare.leftMs() === 0;

  /** Sees to it that the store is asked when there is a reason to, and no later than was meant before. */
  function arm(): void {
    if (closed || running) return;
    const reasons = [timing.idleMs];
    if (queue.calls.length > 0) reasons.push(askAgainMs(againMs, timing));
    // A place in advance is one that may be taken again without a word.
    if (ended.length > 0 || (unsaid && spare.leftMs() === 0)) reasons.push(timing.flushMs);
    if (underWay.size > 0) reasons.push(timing.leaseMs / 3);
    if (spare.leftMs() > 0) reasons.push(spare.leftMs() + 1);
    const inMs = Math.min(...reasons);
    if (performance.now() + inMs >= due) return;
    due = performance.now() + inMs;
    clearTimeout(timer);
    timer = setTimeout(() => (isIdle() && inMs === timing.idleMs ? onIdle() : void exchangeNow()), inMs);
    timer.unref();
  }

  const leave = (call: { units: number }, waited: boolean): Leave => ({
    waited,
    end(how) {
      if (!underWay.delete(call)) return;
      const { told = [], refused } = how;
      unsaid = true;
      if (refused) spare.drop();
      else if (!contested) spare.ended();
      if (terms.limits.length > 0 || refused) ended.push({ ...how, told, at: clock.high(), units: call.units });
      // A place that is free again is somebody's at once; units are not.
      const isAwaited = terms.callsMax !== null && (contested || queue.calls.length > 0);
      if (isAwaited || refused) void exchangeNow();
      else arm();
    },
  });

  return {
    async take(want, given, waitMs, signal) {
      signal?.throwIfAborted();
      terms = given;
      if (queue.calls.length > 0 || !spare.use(want.units, terms.limits.length > 0)) {
        const call = await queue.wait(want, waitMs, signal);
        return leave(call, call.judged);
      }
      const call = { units: want.units };
      begin(call);
      if (spare.isLow()) void exchangeNow();
      return leave(call, false);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      queue.failAll(new Fault('unavailable', 'This process is stopping.'));
      spare.drop();
      await exchange().catch(() => undefined);
    },
  };
}
