import { z } from 'zod';
import type { ConnectorCategory } from './connector-info.ts';
import type { RunId, TenantId } from './ids.ts';
import type { ModelAnswer, ModelMessage } from './models.ts';

export const TOOLS = ['list_content', 'read_content'] as const;
export type ToolName = (typeof TOOLS)[number];
/** Which kind of system a tool reaches: an agent depends on the tenant's connection of that category. */
export const TOOL_CATEGORY: Record<ToolName, ConnectorCategory> = { list_content: 'cms', read_content: 'cms' };

/** One agent, declared. `reply` is the shape of its final answer; `cites` names the ids in it, which must have been seen. */
export interface AgentSpec<Reply = unknown> {
  id: string;
  title: string;
  model: 'fast' | 'deep';
  instructions: string;
  tools: ToolName[];
  replyName: string;
  reply: z.ZodType<Reply>;
  cites: (reply: Reply) => string[];
  limits: { turns: number };
}

/** Steps run one after the other; agents of one step at once. Each agent is given the replies of the step before. */
export interface CrewSpec {
  id: string;
  title: string;
  steps: string[][];
}

export interface Catalogue {
  agent: (id: string) => AgentSpec;
  crew: (id: string) => CrewSpec;
  agentIds: () => string[];
}

/** The plan as it enters history: editing a crew never changes a crew at work. */
export interface CrewPlan {
  crewId: string;
  steps: string[][];
}

export const AuditReply = z.strictObject({
  summary: z.string().min(1),
  findings: z.array(
    z.strictObject({
      title: z.string().min(1),
      severity: z.enum(['low', 'medium', 'high']),
      detail: z.string(),
      contentIds: z.array(z.string()),
    }),
  ),
});
export type AuditReply = z.infer<typeof AuditReply>;

/** The first post that the crew proposes: what a person may edit before approving. */
export const ProposedPost = z
  .strictObject({ title: z.string().trim().min(1).max(200), content: z.string().trim().min(1).max(20_000) })
  .meta({ id: 'ProposedPost' });
export type ProposedPost = z.infer<typeof ProposedPost>;

export const ReportReply = z
  .strictObject({
    title: z.string().min(1),
    report: z.string().min(1),
    /** Empty when there was nothing to cite: a new site has no content. */
    citations: z.array(z.string()),
    proposedPost: ProposedPost,
  })
  .meta({ id: 'OnboardingReport' });
export type ReportReply = z.infer<typeof ReportReply>;

/** Content by reference: what histories hold instead of the content. */
export const ContentRef = z
  .strictObject({ id: z.uuid(), sha256: z.string(), bytes: z.number().int() })
  .meta({ id: 'ContentRef' });
export type ContentRef = z.infer<typeof ContentRef>;

/** Content of runs, approvals and writes, kept once by its hash, under row-level security. */
export interface ContentStore {
  /** Idempotent: the same content of one tenant has one reference. */
  put: (tenantId: TenantId, content: unknown) => Promise<ContentRef>;
  /** Of one owner alone, such as the write that takes it into a tenant's system. Idempotent for one owner. */
  putFor: (tenantId: TenantId, owner: string, content: unknown) => Promise<ContentRef>;
  /** All that was put for this owner goes; silent when there is nothing. */
  drop: (tenantId: TenantId, owner: string) => Promise<void>;
  /** `not_found` when gone or another tenant's. */
  get: (tenantId: TenantId, id: string) => Promise<unknown>;
  /** Silent when gone. */
  clear: (tenantId: TenantId) => Promise<void>;
}

export interface RunHead {
  tenantId: TenantId;
  runId: RunId;
}

/** The append-only log of one agent run, the journal of paid answers and the ledger of tool calls. */
export interface TranscriptStore {
  /** Messages `0 … upto-1`, in order. */
  load: (run: RunHead, upto: number) => Promise<ModelMessage[]>;
  /** Idempotent: a message already at this place stays as it is. */
  append: (run: RunHead, seq: number, messages: ModelMessage[]) => Promise<void>;
  /** The journalled answer of a step, so that a retry pays nothing twice; null when the call was not yet made. */
  journalled: (run: RunHead, step: number) => Promise<ModelAnswer | null>;
  journal: (run: RunHead, step: number, answer: ModelAnswer, promptHash: string) => Promise<void>;
  recordTool: (
    run: RunHead,
    seq: number,
    call: { tool: string; argsHash: string; ok: boolean; ms: number; bytes: number },
  ) => Promise<void>;
  /** What the run used so far. */
  usage: (
    run: RunHead,
  ) => Promise<{ modelCalls: number; toolCalls: number; inputTokens: number; outputTokens: number }>;
}

/** How one agent runs for one tenant. A null model is the deployment's default for the agent's class. */
export interface AgentSettings {
  provider: string;
  model: string | null;
  temperature: number;
  maxTokens: number;
  active: boolean;
}

/** Agent settings of a tenant. */
export interface AgentStore {
  /** Idempotent; keeps what the tenant changed. */
  applyDefaults: (
    tenantId: TenantId,
    agents: { id: string; tools: ToolName[] }[],
    defaults: AgentSettings,
  ) => Promise<void>;
  /** Active agents of the tenant that have one of these tools. */
  withTools: (tenantId: TenantId, tools: ToolName[]) => Promise<string[]>;
  /** `not_found` when the tenant has no such agent. */
  settings: (tenantId: TenantId, agentId: string) => Promise<AgentSettings>;
  /** Undoes `applyDefaults`; silent when gone. */
  clear: (tenantId: TenantId) => Promise<void>;
}
