/** Calls and units of them. */
export interface Amount {
  calls: number;
  units: number;
}

/**
 * Leave that was had in advance, so that a busy process asks the store some times a second and not before each call. It holds
 * for a fraction of a second: no longer than that are others' waiting, refusals and limits unknown here.
 */
export interface Spare {
  /** Takes leave of one call, if there is some. */
  use: (units: number, counted: boolean) => boolean;
  /** A call began, with leave in advance or without. */
  began: (units: number, underWay: number) => void;
  /** A call ended: its place may be taken again. */
  ended: () => void;
  /** True when it is time to ask for more, before there is none. */
  isLow: () => boolean;
  /** Gives up what is not needed; what is left, and what is wished besides, by what was needed of late. */
  trim: () => { kept: Amount; wish: Amount };
  add: (more: Amount) => void;
  /** Gives up all of it: others wait, or we were refused. */
  drop: () => void;
  /** Milliseconds until it is worthless. */
  leftMs: () => number;
}

export function createSpare(spareMs: number, now: () => number = () => performance.now()): Spare {
  let [calls, units, until] = [0, 0, 0];
  /** Since the last trim: calls and units begun, and the most calls at once. */
  let [begun, spent, peak, since] = [0, 0, 0, now()];
  /** Units each millisecond, of late. */
  let pace = 0;
  const wanted = () => Math.ceil(pace * spareMs * 2);
  const drop = () => void ([calls, units, until, begun] = [0, 0, 0, 0]);

  return {
    use(cost, counted) {
      if (now() >= until || calls < 1 || (counted && units < cost)) return false;
      calls -= 1;
      units = Math.max(0, units - cost);
      return true;
    },
    began(cost, underWay) {
      begun += 1;
      spent += cost;
      peak = Math.max(peak, underWay);
    },
    ended: () => void (calls += 1),
    isLow: () => until - now() < spareMs / 2 || units < wanted() / 4,
    trim() {
      const elapsed = Math.max(1, now() - since);
      pace = (pace + spent / elapsed) / 2;
      const isUsed = begun > 0;
      if (!isUsed || now() >= until) drop();
      calls = Math.min(calls, peak);
      units = Math.min(units, wanted());
      const wish = { calls: isUsed ? Math.max(0, peak - calls) : 0, units: isUsed ? Math.max(0, wanted() - units) : 0 };
      [begun, spent, peak, since] = [0, 0, 0, now()];
      return { kept: { calls, units }, wish };
    },
    add(more) {
      calls += more.calls;
      units += more.units;
      if (calls > 0) until = now() + spareMs;
    },
    drop,
    leftMs: () => Math.max(0, until - now()),
  };
}
