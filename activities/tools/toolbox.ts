import type { AgentPin } from '../../ports/agents.ts';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import type { Act, AtWork, Consent, Lineage } from '../agents/terms.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';

/** One checked call of a pinned tool. */
export interface ToolCalled {
  at: AtWork;
  tool: PinnedTool;
  input: Record<string, unknown>;
  /** SHA-256 of the tool's name and its arguments in canonical JSON: what people approve, and what is carried out. */
  argsHash: string;
  /** Message of the transcript that holds the call. */
  asked: number;
  /** The call's own name, the same for each attempt: from the run, its place and `argsHash`. 64 hex digits. */
  effectKey: string;
  /** Where arguments name no connection: the one that people were shown when they were asked. Absent: it is chosen. */
  through?: ConnectionId | undefined;
  signal: AbortSignal;
}

export interface ToolAnswer {
  ok: boolean;
  /** For the model; JSON, or plain text. Already short. */
  content: string;
  /** What the world gave for a write. */
  receipt?: string | null;
  /** It comes from a run that had read what looked like orders: whoever reads it is no less careful. */
  flagged?: boolean;
}

/** What the workflow is to do about a call. `refused`: nothing; the text is for the model. */
export type ToolAct =
  | { refused: string }
  | {
      act: Act;
      shown: Omit<Consent, 'policy' | 'content'>;
      /** What people see of it besides its arguments. */
      preview: unknown;
      /** The tenant's own rule that people are asked about this, whatever the tool's consent says. */
      asks?: ApprovalPolicy;
    };

/** A family of tools: what agents may call, made of ports. */
export interface ToolFamily {
  family: string;
  /** Those of `names` that belong to this family, as they are now for this tenant. Unknown names are left to other families. */
  pin: (tenantId: TenantId, names: string[], of: { agentId: string; lineage: Lineage }) => Promise<PinnedTool[]>;
  /** What is wrong with the arguments, in words for the model; null when they are right. */
  check: (tool: PinnedTool, input: Record<string, unknown>) => string | null;
  /** Of route `activity`. Faults that are the model's to mend come back as `ok: false`; all others are thrown. */
  run?: (call: ToolCalled) => Promise<ToolAnswer>;
  /** Of route `activity`, with an effect: doing it again under the same `effectKey` changes nothing, so that no ledger is needed. */
  repeatable?: (tool: PinnedTool, input: Record<string, unknown>) => boolean;
  /** Of all other routes: what the workflow is to do. Faults that are the model's to mend come back as `refused`. */
  act?: (call: ToolCalled) => Promise<ToolAct>;
  /** Of a route that the workflow carried out: what the model is told. */
  tell?: (call: ToolCalled, resultId: string | null, receipt: string | null) => Promise<string>;
}

/** All families as one. */
export interface Toolbox {
  pin: (tenantId: TenantId, names: string[], of: { agentId: string; lineage: Lineage }) => Promise<PinnedTool[]>;
  /** A call as the model wrote it, understood; or what to tell the model. */
  read: (
    pin: Pick<AgentPin, 'tools'>,
    name: string,
    args: string,
  ) => { tool: PinnedTool; input: Record<string, unknown>; argsHash: string } | { refused: string };
  family: (tool: PinnedTool) => ToolFamily;
}
