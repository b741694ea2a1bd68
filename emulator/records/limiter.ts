/** A vendor's limit in force: so many units in so much time, which come back as they were spent. */
export interface LimiterControl {
  /** Null: no limit at all. */
  set: (limit: { units: number; perMs: number } | null) => void;
  /** How many calls were refused, and how many units were taken by those that were not. */
  refused: () => number;
  taken: () => number;
}

export function createLimiter(now: () => number, first: { units: number; perMs: number } | null = null) {
  let limit = first;
  let spent: { at: number; units: number }[] = [];
  let refused = 0;
  let taken = 0;

  const used = (): number => {
    const from = now() - (limit?.perMs ?? 0);
    spent = spent.filter(({ at }) => at > from);
    return spent.reduce((sum, { units }) => sum + units, 0);
  };
  const control: LimiterControl = {
    set(next) {
      limit = next;
      spent = [];
      refused = 0;
      taken = 0;
    },
    refused: () => refused,
    taken: () => taken,
  };
  return {
    control,
    /** Null where there is no limit. `ok` false: refused. `resetMs`: until the oldest unit comes back. */
    take(units = 1): { ok: boolean; units: number; remaining: number; resetMs: number } | null {
      if (!limit) return null;
      const before = used();
      const ok = before + units <= limit.units;
      if (ok) {
        spent.push({ at: now(), units });
        taken += units;
      } else refused += 1;
      const [oldest] = spent;
      const resetMs = oldest ? Math.max(0, oldest.at + limit.perMs - now()) : 0;
      return { ok, units: limit.units, remaining: Math.max(0, limit.units - before - (ok ? units : 0)), resetMs };
    },
  };
}

export type Limiter = ReturnType<typeof createLimiter>;
