import { z } from 'zod';
import type { ContentRef } from '../../ports/content.ts';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import type { RunId, TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { said } from './answers.ts';
import { declaredFamily, declareTool, reads } from './declare.ts';
import type { PinnedFor } from './declare.ts';
import type { ToolCalled, ToolFamily } from './toolbox.ts';

export const BOARD_TOOLS = ['board_read', 'board_write', 'send_message', 'read_messages'] as const;

/** Outside a crew there is nobody to share with. */
const inCrew = async ({ lineage }: PinnedFor) => (lineage.crewRunId === null ? null : '');

const crewOf = ({ at: { lineage } }: ToolCalled): RunId => {
  if (lineage.crewRunId === null) throw new Fault('unsupported', 'This run is part of no crew.');
  return lineage.crewRunId;
};

/** What a run wrote that had read what looked like orders. It says so, for whoever reads it is to be as careful. */
const Wary = z.strictObject({ text: z.string(), flagged: z.literal(true) });

/** What the agents of one crew tell each other: it leaves the crew no more than their thoughts do, and is material to whoever reads it. */
export const boardTools = ({ board, content }: Pick<Ports, 'board' | 'content'>): ToolFamily => {
  const keep = ({ at: { tenantId, flagged } }: ToolCalled, text: string): Promise<ContentRef> =>
    content.put(tenantId, flagged ? { text, flagged } : text);

  const opened = async (tenantId: TenantId, { id }: ContentRef): Promise<{ text: unknown; flagged: boolean }> => {
    const text = await content.get(tenantId, id);
    const wary = Wary.safeParse(text);
    return wary.success ? wary.data : { text, flagged: false };
  };

  return declaredFamily('board', {
    board_read: declareTool({
      ...reads(true),
      description: 'Gives all entries of the crew’s board: each one’s key, version, author and content.',
      now: inCrew,
      input: z.strictObject({}),
      async run(call) {
        const { tenantId } = call.at;
        const entries = await board.read(tenantId, crewOf(call));
        const all = await Promise.all(
          entries.map(async (entry) => ({ entry, body: await opened(tenantId, entry.content) })),
        );
        const shown = all.map(({ entry: { key, version, author }, body: { text } }) => ({
          ...{ key, version, author, content: text },
        }));
        return { ...said({ entries: shown }), flagged: all.some(({ body }) => body.flagged) };
      },
    }),
    board_write: declareTool({
      ...reads(false),
      description: 'Writes an entry of the crew’s board in place of what stood under its key.',
      now: inCrew,
      input: z.strictObject({
        key: Text.min(1).max(100),
        content: z.string().max(50_000),
        expected: z
          .int()
          .min(0)
          .optional()
          .describe('The version that you read; 0: there is none yet. Absent: whatever stands there'),
      }),
      async run(call, { key, content: text, expected }) {
        const { at, effectKey: opId } = call;
        const ref = await keep(call, text);
        const entry = { key, author: at.agentId, content: ref, expected: expected ?? null, opId };
        return said(await board.write(at.tenantId, crewOf(call), entry));
      },
    }),
    send_message: declareTool({
      ...reads(false),
      description: 'Sends a message to another agent of the crew, or to all.',
      now: inCrew,
      input: z.strictObject({
        to: Text.min(1).max(100).optional().describe('An agent’s id; absent: all'),
        text: z.string().min(1).max(20_000),
      }),
      async run(call, { to, text }) {
        const { at, effectKey: opId } = call;
        const ref = await keep(call, text);
        await board.send(at.tenantId, crewOf(call), { from: at.agentId, to: to ?? null, content: ref, opId });
        return said({ sent: true });
      },
    }),
    read_messages: declareTool({
      ...reads(true),
      description: 'Gives messages to you or to all, oldest first.',
      now: inCrew,
      input: z.strictObject({
        // A column of four bytes holds no greater one.
        after: z.int().min(0).max(2_147_483_647).default(0).describe('`seq` of the last one that you have read'),
      }),
      async run(call, { after }) {
        const { tenantId, agentId } = call.at;
        const messages = await board.messages(tenantId, crewOf(call), agentId, after);
        const all = await Promise.all(
          messages.map(async (message) => ({ message, body: await opened(tenantId, message.content) })),
        );
        const shown = all.map(({ message: { seq, from, to }, body: { text } }) => ({ seq, from, to, text }));
        return { ...said({ messages: shown }), flagged: all.some(({ body }) => body.flagged) };
      },
    }),
  });
};
