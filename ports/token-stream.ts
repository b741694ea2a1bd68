import type { RunId, TenantId } from './ids.ts';

/** One piece of an answer that is being written, or `reset`: a new attempt began, and what was shown of this step is void. */
export interface Piece {
  /** Grows within a run. */
  seq: number;
  runId: RunId;
  step: number;
  kind: 'text' | 'reset' | 'done';
  text: string;
}

/** Text of model answers while they are written, beside history. The transcript is the truth; what is lost here is only not seen early. */
export interface TokenStreamPort {
  /** True while somebody watches the run, asked at most once a second. */
  watched: (tenantId: TenantId, runId: RunId) => Promise<boolean>;
  /** In this order. Whoever writes to a run waits for one push before the next. */
  push: (tenantId: TenantId, runId: RunId, pieces: Omit<Piece, 'seq' | 'runId'>[]) => Promise<void>;
  /** Says for the next 30 s that somebody watches. */
  watch: (tenantId: TenantId, runId: RunId) => Promise<void>;
  /** Of each of these runs what came after its sequence number, in order: one question for all viewers of a process. */
  after: (runs: { tenantId: TenantId; runId: RunId; seq: number }[]) => Promise<Piece[]>;
  /** Pieces older than this moment (ISO 8601) go. */
  sweep: (before: string) => Promise<void>;
  close: () => Promise<void>;
}
