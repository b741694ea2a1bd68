import type { WorkerPorts } from '../../ports/index.ts';
import type { ToolCall } from '../../ports/models.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import { fence } from '../guardrails/fence.ts';
import { redact } from '../guardrails/outgoing.ts';
import { screen } from '../guardrails/screen.ts';
import type { AtWork, CallAt, CallDone, Exactly } from './terms.ts';

/** More than any tool gives by itself. */
const RESULT_CHARS_MAX = 20_000;
const NAME_CHARS_MAX = 64;

/** What came of a call, before it is put so that a model may read it. */
export interface Result {
  ok: boolean;
  content: string;
  receipt?: string | null | undefined;
  /** Null: there is no such tool. */
  tool: PinnedTool | null;
  exactly: Exactly | null;
  unread?: boolean;
  /** Whoever wrote it had read what looked like orders. */
  flagged?: boolean;
  ms?: number;
}

type Needs = Pick<WorkerPorts, 'transcripts' | 'hash'>;

/** Writes a call's result into its place, and its line into the ledger of tool calls. Idempotent by place. */
export const createResults = ({ transcripts, hash }: Needs) => {
  return async (at: AtWork, where: CallAt, call: ToolCall, result: Result): Promise<CallDone> => {
    const { ok, tool, exactly, receipt = null, unread = false, ms = 0 } = result;
    const external = tool?.external ?? false;
    const text = redact(result.content.slice(0, RESULT_CHARS_MAX));
    const flagged = result.flagged === true || (external && screen(result.content).flagged);
    const row = {
      ...{ seq: where.seq, agentId: at.agentId, tool: (tool?.name ?? call.name).slice(0, NAME_CHARS_MAX) },
      ...{ effect: tool?.effect ?? 'read', argsHash: exactly?.argsHash ?? hash(`${call.name} ${call.arguments}`) },
      ...{ ok, receipt, approvalId: exactly?.approvalId ?? null, flagged, ms, bytes: text.length },
    };
    const content = external ? fence(text) : text;
    await transcripts.recordTool(at, row, { role: 'tool', toolCallId: call.id, content });
    return { ok, flagged, unread };
  };
};
export type Results = ReturnType<typeof createResults>;
