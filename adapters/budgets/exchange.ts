import type { SharedClock } from './clock.ts';
import { decide, othersWaiting } from './decide.ts';
import { newMeter } from './meter.ts';
import type { Ended, Holder, Limit, Meter } from './meter.ts';
import type { Queue, Waiting } from './queue.ts';
import type { Spare } from './spare.ts';
import type { MeterKey, MeterStore } from './store.ts';

/** What the users of one budget have in common. */
export interface Terms {
  limits: Limit[];
  callsMax: number | null;
}

/** What this process knows by itself of its calls. */
export interface Calls {
  queue: Queue;
  spare: Spare;
  underWay: Set<{ units: number }>;
  /** Not yet said. */
  ended: Ended[];
  /** A call that waited may go: it is under way from now on. */
  begin: (call: { units: number }) => void;
  terms: () => Terms;
}

export interface ExchangeParts {
  /** This process's name among all. */
  me: string;
  key: MeterKey;
  of: Meter['of'];
  store: MeterStore;
  clock: SharedClock;
  /** After so long without a sign of life, what a process held comes back. */
  leaseMs: number;
  /** Told after each change that was written. */
  onWritten: (meter: Meter, ended: Ended[]) => void;
}

/** What came of it: how long until it is worth asking again, where that is known, and whether others wait. */
export interface Exchanged {
  againMs: number | null;
  contested: boolean;
}

const TRIES = 100;
const HOUR_MS = 3_600_000;
const NOTHING = { kept: { calls: 0, units: 0 }, wish: { calls: 0, units: 0 } };

/** Says to the store what became of our calls, asks it for those that wait, and lets them go: one round trip, if nobody was faster. */
export function createExchange(parts: ExchangeParts, calls: Calls): () => Promise<Exchanged> {
  const { me, key, of, store, clock, leaseMs, onWritten } = parts;
  const { queue, spare, underWay, ended, begin, terms } = calls;
  /** What the store had when it was last asked; nobody changes it unless the version changes. */
  let known: { version: number; body: string | null } | undefined;

  const ask = async (version: number, body: string | null, keepMs = 0) => {
    const askedAt = performance.now();
    const reply = await store.swap(key, version, body, keepMs);
    clock.heard(reply.nowMs, askedAt);
    return reply;
  };

  /** Those that go on waiting learn how long, as far as it is known; how long until the first of them may go. */
  const judge = (expected: ReadonlyMap<Waiting, number | null>): number | null => {
    const now = clock.low();
    const inMs = (call: Waiting) => {
      const moment = expected.get(call);
      return moment === undefined || moment === null ? null : moment - now;
    };
    queue.judged(inMs);
    const all = queue.calls.map(inMs).filter((ms) => ms !== null);
    return all.length === 0 ? null : Math.min(...all);
  };

  return async () => {
    let plan = spare.trim();
    for (let tries = 0; tries < TRIES; tries += 1) {
      known ??= await ask(0, null);
      const meter = known.body === null ? newMeter(of) : (JSON.parse(known.body) as Meter);
      const now = clock.low();
      const { limits, callsMax } = terms();
      const contested = meter.blockedUntil > now || othersWaiting(meter, me).length > 0;
      if (contested) {
        spare.drop();
        plan = NOTHING;
      }
      const said = [...ended];
      const units = [...underWay].reduce((sum, call) => sum + call.units, plan.kept.units);
      const before = meter.holders[me];
      const decision = decide(meter, {
        ...{ me, now, leaseMs, limits, callsMax, ended: said, waiting: [...queue.calls], spare: plan.wish },
        holding: { calls: underWay.size + plan.kept.calls, units },
      });
      if (decision.granted.length === 0 && said.length === 0 && !isNews(before, meter.holders[me], now + leaseMs / 2)) {
        // Nothing to say: looking whether something has changed stands in nobody's way.
        const found = await ask(known.version, null);
        if (found.version !== known.version) {
          known = found;
          continue;
        }
        return { againMs: judge(decision.expected), contested };
      }
      const body = JSON.stringify(meter);
      const longest = Math.max(HOUR_MS, ...limits.map(({ perSeconds }) => perSeconds * 1000));
      const reply = await ask(known.version, body, 2 * longest);
      if (!reply.swapped) {
        known = reply;
        continue;
      }
      known = { version: reply.version, body };
      ended.splice(0, said.length);
      spare.add(decision.spare);
      const waiting = new Set(queue.calls);
      // Whoever has left meanwhile is no longer held at the next exchange, for which leaving asked.
      for (const call of decision.granted) {
        if (!waiting.has(call)) continue;
        begin(call);
        call.go();
      }
      onWritten(meter, said);
      return { againMs: judge(decision.expected), contested };
    }
    throw new Error(`the budget ${key.id} changed ${TRIES} times while it was being changed`);
  };
}

/** Whether the store must hear what we hold and wait for: it has changed, or is forgotten soon. */
function isNews(before: Holder | undefined, now: Holder | undefined, soon: number): boolean {
  if (!before || !now) return before !== now;
  return before.until < soon || JSON.stringify({ ...before, until: 0 }) !== JSON.stringify({ ...now, until: 0 });
}
