import type { Lane } from '../../ports/connectors.ts';
import { expected as expectedOf, gaugeOf, hear, lapse, pace, room, spend, unpace, used } from './gauge.ts';
import { callsOut, held } from './meter.ts';
import type { Ended, Gauge, Holder, Limit, Meter, Want } from './meter.ts';
import { lapseRefusals, refuse } from './refusals.ts';
import type { Amount } from './spare.ts';
import { hadTurn, inTurn } from './turns.ts';

/** What one process brings to a budget: what ended, what it holds besides, and what it wants. */
export interface Ask<Call extends Want> {
  /** Its name among the holders. */
  me: string;
  /** The store's clock: not later than this moment is, so that nothing comes back early. */
  now: number;
  leaseMs: number;
  limits: Limit[];
  callsMax: number | null;
  ended: Ended[];
  /** What it goes on holding: calls under way, and leave in advance that it keeps. */
  holding: Amount;
  waiting: Call[];
  /** What it would like to begin without asking, soon after this. */
  spare: Amount;
}

export interface Decision<Call extends Want> {
  granted: Call[];
  spare: Amount;
  /** When each call that goes on waiting may go, as far as it is known. */
  expected: Map<Call, number | null>;
}

/** A spare is a small part of what is free, so that little is kept from others who come. */
const SPARE_SHARE = 0.1;

/** How many places are left to lanes before this one: people never wait behind their own tenant's syncs. */
const PLACES_KEPT: Record<Lane, number> = { interactive: 0, webhook: 1, backfill: 2 };
const placesFor = (callsMax: number, lane: Lane): number => Math.max(1, callsMax - PLACES_KEPT[lane]);

/** Changes the meter by what a process asks; all of what is decided about a budget is decided here. */
export function decide<Call extends Want>(meter: Meter, ask: Ask<Call>): Decision<Call> {
  const { me, now, limits, callsMax, holding, waiting } = ask;
  meter.gauges = Object.fromEntries(limits.map((limit) => [limit.name, gaugeOf(meter.gauges[limit.name], limit)]));
  meter.callsMax = callsMax;
  const gauges = Object.values(meter.gauges);
  lapseHolders(meter, gauges, now);
  for (const gauge of gauges) lapse(gauge, now);
  lapseRefusals(meter, now);
  const mine: Holder = { until: now + ask.leaseMs, held: holding.units, calls: holding.calls, waiting: [] };
  settle(meter, mine, ask);

  const others = othersWaiting(meter, me);
  const own = new Set<Want>(waiting);
  const granted: Call[] = [];
  const expected = new Map<Call, number | null>();
  const [heldNow, callsNow] = [held(meter), callsOut(meter)];
  let [isFull, given, calls, missing] = [meter.blockedUntil > now, 0, callsNow, 0];
  for (const call of inTurn<Want>([...waiting, ...others], meter.turns)) {
    isFull ||=
      !fits(gauges, call, heldNow, given, now) || (callsMax !== null && calls >= placesFor(callsMax, call.lane));
    missing += call.units;
    if (!isFull) {
      // A place that is somebody else's turn is left to them: they come for it in a moment.
      given += call.units;
      calls += 1;
    }
    if (!own.has(call)) continue;
    if (isFull) expected.set(call as Call, when(meter, call.lane, missing, heldNow, now));
    else granted.push(call as Call);
  }
  const spare = isFull || others.length > 0 ? { calls: 0, units: 0 } : spared(ask, gauges, heldNow, given, calls);
  const units = granted.reduce((sum, call) => sum + call.units, spare.units);
  for (const call of granted) hadTurn(meter.turns, call.tenantId);
  for (const gauge of gauges) pace(gauge, units, heldNow, now);
  mine.calls += granted.length + spare.calls;
  mine.held += units;
  const still = waiting.filter((call) => expected.has(call));
  mine.waiting = still.map(({ tenantId, lane, units: cost }) => ({ tenantId, lane, units: cost }));
  if (mine.calls > 0 || mine.held > 0 || mine.waiting.length > 0) meter.holders[me] = mine;
  else delete meter.holders[me];
  return { granted, spare, expected };
}

/** What other processes wait for. */
export const othersWaiting = ({ holders }: Meter, me: string): Want[] =>
  Object.entries(holders).flatMap(([name, { waiting }]) => (name === me ? [] : waiting));

/** Whoever no longer renews has died, and its calls were made or will never be: they count as made when its lease ended. */
function lapseHolders(meter: Meter, gauges: Gauge[], now: number): void {
  for (const [name, holder] of Object.entries(meter.holders)) {
    if (holder.until > now) continue;
    for (const gauge of gauges) spend(gauge, holder.until, holder.held);
    delete meter.holders[name];
  }
}

function settle(meter: Meter, mine: Holder, { me, now, limits, ended }: Ask<Want>): void {
  meter.holders[me] = mine;
  for (const end of ended) {
    for (const gauge of Object.values(meter.gauges)) {
      spend(gauge, end.at, end.cost);
      unpace(gauge, end.units - end.cost);
    }
    for (const told of end.told ?? []) {
      const [gauge, limit] = [meter.gauges[told.limit], limits.find(({ name }) => name === told.limit)];
      if (!gauge || !limit) continue;
      hear(gauge, told, held(meter), now);
      gaugeOf(gauge, limit);
    }
    if (end.refused) refuse(meter, end, now);
    else if (end.cost > 0 && meter.blockedUntil <= now) meter.strikes = 0;
  }
}

/** What costs more than there can ever be goes when all of it is there. */
const fits = (gauges: Gauge[], { lane, units }: Want, heldNow: number, given: number, now: number): boolean =>
  gauges.every(
    (gauge) =>
      room(gauge, lane, heldNow, given, now) >= units ||
      (units > gauge.units * 0.9 && used(gauge, heldNow + given) <= 0),
  );

function when(meter: Meter, lane: Lane, missing: number, heldNow: number, now: number): number | null {
  if (meter.blockedUntil > now) return meter.blockedUntil;
  const moments = Object.values(meter.gauges)
    .map((gauge) => expectedOf(gauge, lane, missing, heldNow, now))
    .filter((moment) => moment !== null);
  return moments.length === 0 ? null : Math.max(...moments);
}

function spared(
  { spare, callsMax, now }: Ask<Want>,
  gauges: Gauge[],
  heldNow: number,
  given: number,
  callsNow: number,
): Amount {
  const places = callsMax === null ? spare.calls : Math.min(spare.calls, placesFor(callsMax, 'backfill') - callsNow);
  if (gauges.length === 0) return { calls: Math.max(0, places), units: spare.units };
  const free = Math.min(...gauges.map((gauge) => room(gauge, 'backfill', heldNow, given, now)));
  const units = Math.max(0, Math.min(spare.units, Math.floor(free * SPARE_SHARE)));
  return { calls: units === 0 ? 0 : Math.max(0, places), units };
}
