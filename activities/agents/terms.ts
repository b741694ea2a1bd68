import type { RunLimits } from '../../ports/agents.ts';
import type { RunHead } from '../../ports/agent-runs.ts';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { ApprovalId, ConnectionId, OperationId, RunId, UserId } from '../../ports/ids.ts';
import type { Finish } from '../../ports/models.ts';
import type { Write } from '../writes.ts';

/** Whose work a run is part of: which crew, and which agents handed the work on, the first one first. */
export interface Lineage {
  crewRunId: RunId | null;
  parentRunId: RunId | null;
  path: string[];
}

/** One agent's part: who, for whom, and what it is given, by reference. */
export interface AgentTask extends RunHead {
  agentId: string;
  /** What it is to do, as content `{ brief: string }`; null: its instructions say all. */
  brief: ContentRef | null;
  inputs: ContentRef[];
  lineage: Lineage;
  /** Whose story it tells; null: its parent's. */
  operationId: OperationId | null;
  startedBy: UserId;
  /** Shrinks what the agent declares; null: as declared. */
  limits: Partial<RunLimits> | null;
  /** Write tools answer without doing anything. */
  sandbox: boolean;
  /** Tools besides the agent's own, such as a manager's `delegate_to_<agent>`. */
  tools?: string[];
  /** What it is given comes from a run that read suspicious content: no write goes unasked. */
  flagged?: boolean;
}

/** What a run goes by, as history holds it. */
export interface RunPlan {
  pin: ContentRef;
  /** How many models may be asked, one after the other. */
  models: number;
  limits: RunLimits;
  /** Messages that the transcript holds now. */
  upto: number;
  /** What it was given looked like orders to the model. */
  flagged: boolean;
}

/** A run and what it goes by: the first argument of every activity of a run. */
export interface AtWork extends RunHead {
  agentId: string;
  pinId: string;
  lineage: Lineage;
  operationId: OperationId | null;
  startedBy: UserId;
  sandbox: boolean;
  /** It has read what looked like orders. Absent: not by what the workflow knew, or it was started before this was told. */
  flagged?: boolean;
}

/** One model turn that is due. */
export interface StepAsked {
  step: number;
  /** Messages `floor … upto-1` besides the system's are shown; what came before `floor` is in its summary. */
  floor: number;
  upto: number;
  /** Which of the pinned models is asked. */
  modelIndex: number;
  /** What the whole run may cost, in micro-dollars; the other budgets are the tenant's, its agent's and its crew's. */
  micros: number;
}

/** A call that the model asked for, as much of it as a workflow needs. */
export interface StepCall {
  index: number;
  tool: string;
  /** Tells equal calls apart from different ones. */
  key: string;
  /** Only reads and asks nobody: carried out at once, beside others. */
  direct: boolean;
}

export interface StepTaken {
  upto: number;
  finish: Finish;
  calls: StepCall[];
  tokens: number;
  costMicros: number;
  /** What the model was shown nearly fills its context: compact before the next turn. */
  crowded: boolean;
}

/** A budget that has not enough left for this step. Nothing was asked of any model. */
export interface Short {
  scope: string;
  limitMicros: number;
  needMicros: number;
}

export type StepResult = { taken: StepTaken } | { short: Short };

/** What was said up to now, summed up in the messages `floor … upto-1`. */
export interface Compacted {
  floor: number;
  upto: number;
  tokens: number;
  costMicros: number;
}

/** Where one call stands: message `asked` holds it, message `seq` will hold its result. */
export interface CallAt {
  asked: number;
  index: number;
  seq: number;
}

/** What came of a call that was carried out at once. */
export interface CallDone {
  ok: boolean;
  /** What it brought looked like orders to the model: from now on no write goes unasked. */
  flagged: boolean;
  /** There is no such tool, or its arguments could not be understood: the model was told what is wrong. */
  unread: boolean;
}

/** What people are asked before a call is carried out: exactly this, by its hash. */
export interface Consent {
  subject: string;
  content: ContentRef;
  policy: ApprovalPolicy;
  connectionId: ConnectionId | null;
}

/** How a call that is not carried out at once goes on. `said`: its result stands in the transcript already (a refusal, say). */
export type Prepared =
  { next: 'said'; done: CallDone } | { next: 'act'; consent: Consent | null; act: Act; exactly: Exactly };

/** The exact call that is carried out. */
export interface Exactly {
  argsHash: string;
  effectKey: string;
  approvalId: ApprovalId | null;
  /** The approval's content with the arguments that a person put in place of the model's; null: the model's own. */
  editedId: string | null;
  /** What is created by it can be deleted again. */
  undoable: boolean;
  /** The connection that people were shown: it goes there, whichever would be chosen now. Absent: none was shown. */
  through?: ConnectionId;
}

export type Act =
  | { kind: 'invoke' }
  | { kind: 'write'; write: Write; connectorId: string }
  | { kind: 'workflow'; workflow: string; workflowId: string; taskQueue: string; input: unknown }
  | { kind: 'question' }
  | { kind: 'delegate'; task: AgentTask };

/** People's word on a call. */
export interface Consented {
  approvalId: ApprovalId;
  outcome: 'approved' | 'rejected' | 'expired';
  /** What was approved: as shown, or as edited. */
  contentId: string;
}

/** How an `Act` that the workflow carried out ended. `resultId`: content that it gave, such as a person's answer. */
export type ActEnd =
  { ok: true; resultId: string | null; receipt: string | null } | { ok: false; code: string; message: string };

/** How a run is undone: what it did, the last first. `stowed`: more of the same, kept as content. */
export type Undo = { write: Write; connectorId: string } | { stowed: ContentRef };

/** One limit that a run came to: its own counts, or a budget by its scope. */
export type Breach =
  | { what: 'steps' | 'toolCalls' | 'tokens'; limit: number; needs: number }
  | { what: 'money'; scope: string; limit: number; needs: number };

/** What people are asked before a run goes further than it may. */
export interface RaiseAsked {
  subject: string;
  content: ContentRef;
  policy: ApprovalPolicy;
}
