import { z } from 'zod';
import { RunLimits } from './agents.ts';
import { OperationId, RunId } from './ids.ts';
import type { TenantId, UserId } from './ids.ts';
import type { Finish, ModelAnswer, ModelMessage, Provider } from './models.ts';
import type { Asking } from './spending.ts';
import type { Page, PageQuery } from './tenants.ts';
import { ToolEffect } from './tools.ts';

export interface RunHead {
  tenantId: TenantId;
  runId: RunId;
}

/** One run of an agent or a crew, as people see it. */
export const AgentRun = z
  .strictObject({
    runId: RunId,
    kind: z.enum(['agent', 'crew', 'conversation']),
    /** The agent's or the crew's id. */
    subject: z.string(),
    /** The crew or agent run that it is a part of. */
    parentRunId: RunId.nullable(),
    operationId: OperationId.nullable(),
    /** Version of the agent's settings; null for a crew. */
    version: z.int().nullable(),
    /** What it goes by, by reference, and the hash of that. */
    pinId: z.uuid().nullable(),
    pinHash: z.string().nullable(),
    toolsetHash: z.string().nullable(),
    /** As they were when it began. */
    limits: RunLimits,
    sandbox: z.boolean(),
    state: z.enum(['running', 'completed', 'failed', 'cancelled']),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    /** The reply, by reference. */
    replyId: z.uuid().nullable(),
    startedBy: z.string(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'AgentRun' });
export type AgentRun = z.infer<typeof AgentRun>;

export const RunUsage = z
  .strictObject({
    modelCalls: z.int(),
    toolCalls: z.int(),
    inputTokens: z.int(),
    cachedTokens: z.int(),
    outputTokens: z.int(),
    reasoningTokens: z.int(),
    costMicros: z.int(),
    /** Calls of models without a known price: counted at the dearest price that is known. */
    unpricedCalls: z.int(),
  })
  .meta({ id: 'RunUsage' });
export type RunUsage = z.infer<typeof RunUsage>;

/** One call of a tool, as the log keeps it: never its arguments or result, which stay in the transcript. */
export const ToolCallRow = z
  .strictObject({
    runId: RunId,
    seq: z.int(),
    agentId: z.string(),
    tool: z.string(),
    effect: ToolEffect,
    argsHash: z.string(),
    ok: z.boolean(),
    /** What the world gave for it, such as the record's id; null for what only read. */
    receipt: z.string().nullable(),
    approvalId: z.uuid().nullable(),
    /** What it brought looked like orders to the model. */
    flagged: z.boolean(),
    ms: z.int(),
    bytes: z.int(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'ToolCallRow' });
export type ToolCallRow = z.infer<typeof ToolCallRow>;

/** One paid answer without its text. */
export interface ModelCallRow {
  step: number;
  provider: Provider;
  model: string;
  finish: Finish;
  promptHash: string;
  /** How often the provider was asked for this step: above 1 where an answer was lost before it was kept. */
  attempts: number;
  at: string;
}

/** One message as it stands in the log. */
export interface TranscriptLine {
  seq: number;
  at: string;
  message: ModelMessage;
}

/** Figures of one agent over a time. Money in micro-dollars, times in milliseconds. */
export const AgentMetrics = z
  .strictObject({
    agentId: z.string(),
    runs: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    /** Of whole runs that ended. */
    latencyP50Ms: z.int().nullable(),
    latencyP95Ms: z.int().nullable(),
    firstTokenP50Ms: z.int().nullable(),
    modelCalls: z.int(),
    toolCalls: z.int(),
    toolErrors: z.int(),
    inputTokens: z.int(),
    cachedTokens: z.int(),
    outputTokens: z.int(),
    costMicros: z.int(),
  })
  .meta({ id: 'AgentMetrics' });
export type AgentMetrics = z.infer<typeof AgentMetrics>;

/** The append-only log of one run, the journal of paid answers and the ledger of tool calls. */
export interface TranscriptStore {
  /** Messages `from … upto-1`, in order. A hole in them is a `not_found`. */
  load: (run: RunHead, from: number, upto: number) => Promise<ModelMessage[]>;
  /** For people who read, oldest first. */
  lines: (run: RunHead, page: PageQuery) => Promise<Page<TranscriptLine>>;
  /** Idempotent: a message already at this place stays as it is. */
  append: (run: RunHead, seq: number, messages: ModelMessage[]) => Promise<void>;
  /** What a model turn goes by: the journalled answer, so that a retry pays nothing twice (null: none yet), and messages as `load`. */
  turn: (
    run: RunHead,
    turn: { step: number; from: number; upto: number },
  ) => Promise<{ answer: ModelAnswer | null; messages: ModelMessage[] }>;
  /**
   * The answer and, in the same transaction, the settlement of what was reserved for its asking, and the message that the answer
   * becomes, where it becomes one. Idempotent. Gives the answer that stands: of two askings at once the first one's.
   */
  journal: (
    asking: Asking,
    entry: {
      agentId: string;
      answer: ModelAnswer;
      promptHash: string;
      said?: { seq: number; message: ModelMessage } | undefined;
    },
  ) => Promise<ModelAnswer>;
  /** A call's line in the ledger and its result in the transcript, both at `seq`. Idempotent by place. */
  recordTool: (run: RunHead, call: Omit<ToolCallRow, 'runId' | 'at'>, result: ModelMessage) => Promise<void>;
  usage: (run: RunHead) => Promise<RunUsage>;
  modelCalls: (run: RunHead) => Promise<ModelCallRow[]>;
  /** Newest first; of one run, one agent, or all. */
  toolCalls: (
    tenantId: TenantId,
    of: { runId?: RunId | undefined; agentId?: string | undefined },
    page: PageQuery,
  ) => Promise<Page<ToolCallRow>>;
}

export interface AgentRunStore {
  /**
   * Idempotent by run id. Who starts a run and the run itself both say so, in either order: what the run says of its pin,
   * version and limits stands.
   */
  begin: (
    tenantId: TenantId,
    run: Pick<
      AgentRun,
      'runId' | 'kind' | 'subject' | 'parentRunId' | 'operationId' | 'version' | 'limits' | 'sandbox' | 'startedBy'
    > & { pin: { id: string; sha256: string; toolsetHash: string } | null },
  ) => Promise<void>;
  /** Idempotent: the first end stays. */
  end: (
    run: RunHead,
    end: { state: 'completed' | 'failed' | 'cancelled'; error: AgentRun['error']; replyId: string | null },
  ) => Promise<void>;
  /** `not_found` when there is none, or it is another tenant's. */
  get: (run: RunHead) => Promise<AgentRun>;
  /**
   * Newest first. `under`: the parts of that run alone; without it those that are part of nothing. Conversations have a list
   * of their own.
   */
  list: (
    tenantId: TenantId,
    of: { subject?: string | undefined; under?: RunId | undefined; startedBy?: UserId | undefined },
    page: PageQuery,
  ) => Promise<Page<AgentRun>>;
  /** Of runs that began in this time (ISO 8601), by agent; trials in the sandbox not counted. */
  metrics: (tenantId: TenantId, from: string, to: string, agentId?: string) => Promise<AgentMetrics[]>;
}
