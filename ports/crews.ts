import { z } from 'zod';
import type { RunLimits } from './agents.ts';
import type { ContentRef } from './content.ts';
import type { RunId, TenantId } from './ids.ts';

/** What follows when a task's agent fails for good. `fail` undoes what the crew's tools did, in reverse, where they can be undone. */
export const OnFailure = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('retry'), times: z.int().min(1).max(3) }),
    z.strictObject({ kind: z.literal('fallback'), agentId: z.string() }),
    z.strictObject({ kind: z.literal('ask') }),
    z.strictObject({ kind: z.literal('skip') }),
    z.strictObject({ kind: z.literal('fail') }),
  ])
  .meta({ id: 'OnFailure' });
export type OnFailure = z.infer<typeof OnFailure>;

export interface CrewTask {
  agentId: string;
  /** What this agent is to do here, besides what it is given; null: its own instructions say all. */
  brief: string | null;
  onFailure: OnFailure;
}

/**
 * One crew, declared. `steps` run one after the other; the tasks of one step at once (20 at most), each given the replies of the
 * step before. `manager`: one agent that delegates to members as it sees fit, instead of steps.
 */
export interface CrewSpec {
  id: string;
  title: string;
  description: string;
  process:
    | { kind: 'steps'; steps: CrewTask[][] }
    | { kind: 'manager'; agentId: string; members: string[]; brief: string | null };
  limits: RunLimits;
}

/** The plan as it enters history: editing a crew never changes a crew at work. */
export type CrewPlan = Pick<CrewSpec, 'process' | 'limits'> & { crewId: string };

/** How deep agents may hand work on, the first one counted. */
export const DEPTH_MAX = 3;
/** Tasks of one step. */
export const PARALLEL_MAX = 20;

/** An entry of a crew's board: a name, who wrote it last, and the content by reference. */
export interface BoardEntry {
  key: string;
  version: number;
  author: string;
  content: ContentRef;
  at: string;
}

export interface CrewMessage {
  seq: number;
  from: string;
  /** An agent's id; null: to all. */
  to: string | null;
  content: ContentRef;
  at: string;
}

/** What the agents of one crew share. Everything by reference; gone with the tenant. */
export interface BoardStore {
  /** Idempotent by `opId`. `conflict` when `expected` is not the version that stands there (0: nothing yet). */
  write: (
    tenantId: TenantId,
    crewRunId: RunId,
    entry: { key: string; author: string; content: ContentRef; expected: number | null; opId: string },
  ) => Promise<{ version: number }>;
  read: (tenantId: TenantId, crewRunId: RunId) => Promise<BoardEntry[]>;
  /** Idempotent by `opId`. */
  send: (
    tenantId: TenantId,
    crewRunId: RunId,
    message: { from: string; to: string | null; content: ContentRef; opId: string },
  ) => Promise<void>;
  /** To this agent or to all, after `seq`, oldest first. */
  messages: (tenantId: TenantId, crewRunId: RunId, to: string, seq: number) => Promise<CrewMessage[]>;
}
