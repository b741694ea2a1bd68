import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { AgentPin } from '../../ports/agents.ts';
import { Fault } from '../../ports/errors.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import type { ToolCall } from '../../ports/models.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import type { Toolbox, ToolCalled } from '../tools/toolbox.ts';
import type { Pins } from './pins.ts';
import type { AtWork, CallAt } from './terms.ts';

/** What people are shown of a call, and may have edited. */
const Shown = z.object({ arguments: z.record(z.string(), z.json()) });

/** One call as it stands in the transcript, and what the toolbox makes of it. */
export interface CallFound {
  pin: AgentPin;
  call: ToolCall;
  read: { called: ToolCalled } | { refused: string; tool: PinnedTool | null };
}

type Needs = Pick<WorkerPorts, 'transcripts' | 'content' | 'hash'>;

export const createCallReader = ({ transcripts, content, hash }: Needs, toolbox: Toolbox, pins: Pins) => {
  /** The same for each attempt, and another one for other arguments. */
  const effectKey = ({ tenantId, runId }: AtWork, { asked, index }: CallAt, tool: string, argsHash: string) =>
    hash([tenantId, runId, asked, index, tool, argsHash].join('|'));

  /** The arguments that people put in place of the model's; they are checked like the model's. */
  const argumentsIn = async ({ tenantId }: AtWork, contentId: string): Promise<string> => {
    const shown = Shown.safeParse(await content.get(tenantId, contentId));
    if (!shown.success) throw new Fault('unprocessable', 'The approved content holds no arguments of a call.');
    return JSON.stringify(shown.data.arguments);
  };

  /** `editedId`: content whose arguments are carried out in place of those in the transcript. */
  return async (at: AtWork, where: CallAt, editedId: string | null): Promise<CallFound> => {
    const pin = await pins(at);
    const [message] = await transcripts.load(at, where.asked, where.asked + 1);
    const call = message?.role === 'assistant' ? message.toolCalls[where.index] : undefined;
    if (!call) throw new Fault('not_found', `Message ${where.asked} of this run holds no tool call ${where.index}.`);
    const args = editedId === null ? call.arguments : await argumentsIn(at, editedId);
    const read = toolbox.read(pin, call.name, args);
    if ('refused' in read) {
      const tool = pin.tools.find(({ name }) => name === call.name) ?? null;
      return { pin, call, read: { refused: read.refused, tool } };
    }
    const { tool, input, argsHash } = read;
    const signal = Context.current().cancellationSignal;
    const key = effectKey(at, where, tool.name, argsHash);
    return { pin, call, read: { called: { at, asked: where.asked, tool, input, argsHash, effectKey: key, signal } } };
  };
};
export type CallReader = ReturnType<typeof createCallReader>;
