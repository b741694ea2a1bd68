import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import type { RunId } from '../../ports/ids.ts';
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

/** What the agents of one crew tell each other: it leaves the crew no more than their thoughts do, and is material to whoever reads it. */
export const boardTools = ({ board, content }: Pick<Ports, 'board' | 'content'>): ToolFamily =>
  declaredFamily('board', {
    board_read: declareTool({
      ...reads(true),
      description: 'Gives all entries of the crew’s board: each one’s key, version, author and content.',
      now: inCrew,
      input: z.strictObject({}),
      async run(call) {
        const { tenantId } = call.at;
        const entries = await board.read(tenantId, crewOf(call));
        return said({
          entries: await Promise.all(
            entries.map(async ({ key, version, author, content: { id } }) => ({
              ...{ key, version, author, content: await content.get(tenantId, id) },
            })),
          ),
        });
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
        const ref = await content.put(at.tenantId, text);
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
        const ref = await content.put(at.tenantId, text);
        await board.send(at.tenantId, crewOf(call), { from: at.agentId, to: to ?? null, content: ref, opId });
        return said({ sent: true });
      },
    }),
    read_messages: declareTool({
      ...reads(true),
      description: 'Gives messages to you or to all, oldest first.',
      now: inCrew,
      input: z.strictObject({ after: z.int().min(0).default(0).describe('`seq` of the last one that you have read') }),
      async run(call, { after }) {
        const { tenantId, agentId } = call.at;
        const messages = await board.messages(tenantId, crewOf(call), agentId, after);
        return said({
          messages: await Promise.all(
            messages.map(async ({ seq, from, to, content: { id } }) => ({
              ...{ seq, from, to, text: await content.get(tenantId, id) },
            })),
          ),
        });
      },
    }),
  });
