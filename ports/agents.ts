import { z } from 'zod';
import { Role } from './identity.ts';
import type { TenantId } from './ids.ts';
import { UserId } from './ids.ts';
import { ModelRef, Provider } from './models.ts';
import type { CrewSpec } from './crews.ts';
import type { PinnedTool } from './tools.ts';
import { ToolConsent } from './tools.ts';

/** How far one run may go. A limit given to a run only ever shrinks these; people may raise it while it runs. */
export const RunLimits = z
  .strictObject({
    /** Model turns. */
    steps: z.int().min(1).max(1000),
    toolCalls: z.int().min(0).max(5000),
    tokens: z.int().min(1),
    /** Micro-dollars. */
    micros: z.int().min(0),
  })
  .meta({ id: 'RunLimits' });
export type RunLimits = z.infer<typeof RunLimits>;

export const AGENT_GROUPS = [
  'marketing',
  'ecommerce',
  'analytics',
  'crm',
  'operations',
  'orchestration',
  'advertising',
  'email',
  'social',
  'payments',
  'messaging',
  'platform',
] as const;
export type AgentGroup = (typeof AGENT_GROUPS)[number];

/**
 * One agent, declared. `reply` is the shape of its final answer when it works a task (null: text); `cites` names the ids in it,
 * which must have been seen.
 */
export interface AgentSpec<Reply = unknown> {
  id: string;
  title: string;
  group: AgentGroup;
  /** One sentence for people who choose. */
  description: string;
  model: 'fast' | 'deep';
  instructions: string;
  tools: string[];
  reply: { name: string; schema: z.ZodType<Reply>; cites: (reply: Reply) => string[] } | null;
  limits: RunLimits;
}

export interface Catalogue {
  /** `not_found` when there is none. */
  agent: (id: string) => AgentSpec;
  crew: (id: string) => CrewSpec;
  agents: () => AgentSpec[];
  crews: () => CrewSpec[];
}

/** Who may chat with an agent or run it: any of these roles, or these people. */
export const AgentAccess = z
  .strictObject({ roles: z.array(Role).max(4), users: z.array(UserId).max(500) })
  .meta({ id: 'AgentAccess' });
export type AgentAccess = z.infer<typeof AgentAccess>;

/** How one agent runs for one tenant. Null: as declared, or as the deployment has it. */
export const AgentSettings = z
  .strictObject({
    displayName: z.string().trim().min(1).max(120).nullable(),
    /** In place of the declared one. */
    systemPrompt: z.string().trim().min(1).max(20_000).nullable(),
    /** After the prompt. */
    instructions: z.string().trim().max(20_000),
    /** Taken by models that take one. */
    temperature: z.number().min(0).max(2),
    maxTokens: z.int().min(1).max(200_000),
    /** Of the declared ones and those that every agent may have; null: the declared ones. */
    tools: z.array(z.string().max(64)).max(60).nullable(),
    provider: Provider,
    model: z.string().trim().min(1).max(200).nullable(),
    /** Asked in this order when the one before cannot answer. */
    fallbacks: z.array(ModelRef).max(5),
    access: AgentAccess,
    /** By tool name, over what the tool says itself. */
    consents: z.record(z.string().max(64), ToolConsent),
    active: z.boolean(),
  })
  .meta({ id: 'AgentSettings' });
export type AgentSettings = z.infer<typeof AgentSettings>;

/** What an agent has until somebody decides otherwise. */
export const DEFAULT_SETTINGS: Omit<AgentSettings, 'provider'> = {
  displayName: null,
  systemPrompt: null,
  instructions: '',
  temperature: 0.7,
  maxTokens: 2000,
  tools: null,
  model: null,
  fallbacks: [],
  access: { roles: ['tenant_user', 'tenant_admin', 'platform_admin', 'super_admin'], users: [] },
  consents: {},
  active: true,
};

/** All that a run of an agent goes by, fixed when it begins: kept as content, named in history by its hash. */
export interface AgentPin {
  agentId: string;
  displayName: string;
  system: string;
  /** Version of the tenant's settings, counted from 1. */
  version: number;
  tools: PinnedTool[];
  /** SHA-256 of the tools, so that a receipt says which ones a run had. */
  toolsetHash: string;
  /** In the order in which they are asked. */
  models: ModelRef[];
  temperature: number;
  maxTokens: number;
  /** Name and JSON Schema of the reply; its checks are the declaration's. Null: text. */
  reply: { name: string; schema: Record<string, unknown> } | null;
}

/** Agent settings of tenants. */
export interface AgentStore {
  /** Idempotent; keeps what the tenant changed. `tools`: the declared ones. */
  applyDefaults: (
    tenantId: TenantId,
    agents: { id: string; tools: string[] }[],
    defaults: AgentSettings,
  ) => Promise<void>;
  /** Active agents of the tenant that have one of these tools. */
  withTools: (tenantId: TenantId, tools: string[]) => Promise<string[]>;
  /** `not_found` when the tenant has no such agent. */
  settings: (tenantId: TenantId, agentId: string) => Promise<AgentSettings & { version: number; updatedAt: string }>;
  list: (tenantId: TenantId) => Promise<({ agentId: string; version: number; updatedAt: string } & AgentSettings)[]>;
  /** `conflict` when `version` is not the one in use: somebody changed it meanwhile. Gives the new version. */
  change: (
    tenantId: TenantId,
    agentId: string,
    version: number,
    settings: AgentSettings,
    tools: string[],
  ) => Promise<{ version: number }>;
  /** Undoes `applyDefaults`; silent when gone. */
  clear: (tenantId: TenantId) => Promise<void>;
}
