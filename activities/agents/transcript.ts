import { z } from 'zod';
import type { AgentRun } from '../../ports/agent-runs.ts';
import type { RunHead } from '../../ports/agent-runs.ts';
import type { ContentRef } from '../../ports/content.ts';
import { isFault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import type { ModelMessage } from '../../ports/models.ts';
import { refusal } from '../tools/answers.ts';
import type { CallReader } from './call-at.ts';
import type { AtWork, CallAt, Exactly, Undo } from './terms.ts';

const Said = z.object({ text: z.string() });

type Needs = Pick<WorkerPorts, 'agentRuns' | 'content' | 'transcripts'>;

/** What is said to a run besides its turns and calls, and what becomes of it in the end. */
export const createTranscript = ({ agentRuns, content, transcripts }: Needs, find: CallReader) => {
  const messageAt = async (run: RunHead, seq: number): Promise<ModelMessage | null> => {
    try {
      return (await transcripts.load(run, seq, seq + 1))[0] ?? null;
    } catch (error) {
      if (isFault(error, 'not_found')) return null;
      throw error;
    }
  };

  /** Calls without a result are told to be cut off: no model takes a conversation in which one is missing. */
  const closeCalls = async (run: RunHead, seq: number, message: ModelMessage): Promise<number> => {
    if (message.role !== 'assistant') return seq + 1;
    for (const [index, { id }] of message.toolCalls.entries()) {
      const cutOff = refusal('this call was interrupted; whether it was carried out is not known');
      await transcripts.append(run, seq + 1 + index, [{ role: 'tool', toolCallId: id, content: cutOff }]);
    }
    return seq + 1 + message.toolCalls.length;
  };

  /** Where the transcript really ends: a turn that was cancelled may have left more than its workflow heard of. */
  const close = async ({ tenantId, runId }: RunHead, open: number | null, upto: number): Promise<number> => {
    const run = { tenantId, runId };
    let end = upto;
    const asked = open === null ? null : await messageAt(run, open);
    if (open !== null && asked) end = Math.max(end, await closeCalls(run, open, asked));
    for (let next = await messageAt(run, end); next !== null; next = await messageAt(run, end))
      end = await closeCalls(run, end, next);
    return end;
  };

  const say = async (run: RunHead, upto: number, texts: string[]): Promise<number> => {
    const messages = texts.map((text): ModelMessage => ({ role: 'user', content: text }));
    for (let at = upto; ; at = await close(run, null, at)) {
      await transcripts.append(run, at, messages);
      const stands = await messageAt(run, at);
      // Somebody else's late word may have taken the place meanwhile.
      if (stands?.role === 'user' && stands.content === texts[0]) return at + messages.length;
    }
  };

  return {
    /** What people said, `{ text }` each, as messages from `upto` on. Gives where the transcript ends then. */
    hear: async (at: AtWork, upto: number, said: ContentRef[]): Promise<number> => {
      const texts = await Promise.all(said.map(async ({ id }) => Said.parse(await content.get(at.tenantId, id)).text));
      return texts.length === 0 ? upto : say(at, upto, texts);
    },

    tellModel: (at: AtWork, upto: number, text: string): Promise<number> => say(at, upto, [text]),

    /** After a run was cut off in the middle of a turn, and before it goes on. `open`: the message whose calls were under way. */
    closeTurn: (at: AtWork, open: number | null, upto: number): Promise<number> => close(at, open, upto),

    endRun: (
      { tenantId, runId }: RunHead,
      end: { state: 'completed' | 'failed' | 'cancelled'; error: AgentRun['error']; replyId: string | null },
    ): Promise<void> => agentRuns.end({ tenantId, runId }, end),

    /** What a person is shown who is to find out whether a call was carried out. */
    describeCall: async (at: AtWork, where: CallAt, { editedId, effectKey }: Exactly): Promise<ContentRef> => {
      const { call, read } = await find(at, where, editedId);
      const input = 'called' in read ? read.called.input : null;
      return content.put(at.tenantId, {
        tool: call.name,
        arguments: input,
        marker: `bz-${effectKey}`,
        runId: at.runId,
      });
    },

    /** What another workflow gave, for a model to be told: its id. */
    keepResult: async (tenantId: TenantId, result: unknown): Promise<string> =>
      (await content.put(tenantId, { result })).id,

    stowUndo: (tenantId: TenantId, undo: Undo[]): Promise<ContentRef> => content.put(tenantId, { undo }),
    fetchUndo: async (tenantId: TenantId, { id }: ContentRef): Promise<Undo[]> =>
      ((await content.get(tenantId, id)) as { undo: Undo[] }).undo,
  };
};
