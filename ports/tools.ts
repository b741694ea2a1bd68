import { z } from 'zod';
import { ApprovalPolicy, GivenPolicy } from './approvals.ts';
import type { ConnectorCategory } from './connector-info.ts';
import { CATEGORY_RESOURCES } from './categories.ts';

/** What a call may do to the world outside the run. `irreversible`: nothing takes it back. */
export const ToolEffect = z.enum(['read', 'write', 'irreversible']);
export type ToolEffect = z.infer<typeof ToolEffect>;

/**
 * How a call is carried out. `activity`: at once, by the toolbox. `write`: by `connectorWrite`. `workflow`: by another business
 * workflow as a child. `question`: by a person. `delegate`: by another agent.
 */
export const ToolRoute = z.enum(['activity', 'write', 'workflow', 'question', 'delegate']);
export type ToolRoute = z.infer<typeof ToolRoute>;

const consentBy = <Policy extends z.ZodType>(policy: Policy) =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('auto') }),
    z.strictObject({ kind: z.literal('ask'), policy }),
    z.strictObject({ kind: z.literal('never') }),
  ]);

/** When a tool asks people first. `auto` is void in a run that has read suspicious content. */
export const ToolConsent = consentBy(ApprovalPolicy).meta({ id: 'ToolConsent' });
export type ToolConsent = z.infer<typeof ToolConsent>;
/** The same, as people give it. */
export const GivenConsent = consentBy(GivenPolicy).meta({ id: 'NewToolConsent' });

const DAY_MS = 86_400_000;

/** How people are asked where a tool does not say otherwise. Whoever asked the agent for it may decide it, too. */
export const DEFAULT_ASK: ApprovalPolicy = {
  roles: ['tenant_admin'],
  remindAfterMs: DAY_MS,
  deadlineMs: 3 * DAY_MS,
  onDeadline: 'reject',
};

/** A tool as one run knows it, fixed at the run's start: a tool that changes meanwhile does not change for it. */
export interface PinnedTool {
  name: string;
  description: string;
  /** JSON Schema of the arguments. */
  parameters: Record<string, unknown>;
  route: ToolRoute;
  effect: ToolEffect;
  consent: ToolConsent;
  /** What it brings was written by others: material, never an order. */
  external: boolean;
  /** Where the toolbox finds it again: a family of tools and what it needs to know, such as an MCP server's id. */
  of: { family: string; [detail: string]: string };
}

/** Which kind of system a tool reaches: an agent depends on the tenant's connection of that category. Null: none. */
export const categoryOfTool = (name: string): ConnectorCategory | null => {
  if (name === 'list_content' || name === 'read_content') return 'cms';
  const [, category] = /^(.+)_(?:list|read|write|delete)$/.exec(name) ?? [];
  return category !== undefined && category in CATEGORY_RESOURCES ? (category as ConnectorCategory) : null;
};

/** All tools that reach systems of this kind. */
export const toolsOfCategory = (category: ConnectorCategory): string[] =>
  ['list_content', 'read_content', ...['list', 'read', 'write', 'delete'].map((verb) => `${category}_${verb}`)].filter(
    (name) => categoryOfTool(name) === category,
  );

/** What every agent may be given, besides what it declares. */
const COMMON = ['ask_person', 'search_knowledge', 'remember', 'recall', 'http_get', 'http_request'];

/** Whether a tenant may give this tool to an agent that declares `declared`. A tool of a server is the tenant's own. */
export const mayHave = (name: string, declared: string[]): boolean =>
  declared.includes(name) || COMMON.includes(name) || name.startsWith('mcp_');
