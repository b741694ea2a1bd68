/** One vendor's clock: right unless it is told to go wrong. Its Date header and every judgement about time follow it. */
export interface Clock {
  now: () => number;
  /** How far it is ahead; behind when negative. */
  skew: (seconds: number) => void;
}

export function createClock(now: () => number): Clock {
  let aheadMs = 0;
  return {
    now: () => now() + aheadMs,
    skew: (seconds) => void (aheadMs = seconds * 1000),
  };
}
