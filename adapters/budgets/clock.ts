/** The store's clock between two questions to it, within the time that a question takes. */
export interface SharedClock {
  /** Where a budget must not be too quick: this moment or a little before it. */
  low: () => number;
  /** Where it must not: this moment (or that of our own clock) or a little after it. */
  high: (localMs?: number) => number;
  /** The store said this between these two moments of our own clock. */
  heard: (storeMs: number, askedAt: number) => void;
}

const local = (): number => performance.now();

export function createClock(): SharedClock {
  let [low, high] = [Date.now() - local(), Date.now() - local()];
  return {
    low: () => Math.floor(low + local()),
    high: (moment = local()) => Math.ceil(high + moment),
    heard(storeMs, askedAt) {
      low = storeMs - local();
      // The store's milliseconds are whole ones.
      high = storeMs + 1 - askedAt;
    },
  };
}
