import type { RunState, SyncCounts, SyncMode } from '../ports/syncs.ts';

/** What a sync's workflow sees: counts, never a record. */
export interface SyncProgress {
  mode: SyncMode;
  scanComplete: boolean;
  /** The scan does not prove what is gone. */
  unproven: boolean;
  counts: SyncCounts;
  /** Quarantined records that are to be tried again. */
  toRetry: number;
}

export const progressOf = ({ mode, scanComplete, unproven, counts, toRetry }: RunState): SyncProgress => ({
  mode,
  scanComplete,
  unproven,
  counts,
  toRetry,
});
