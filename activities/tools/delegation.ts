import { z } from 'zod';
import { DEPTH_MAX } from '../../ports/crews.ts';
import { Text } from '../../ports/ids.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import type { Lineage } from '../agents/terms.ts';
import { refusal, said } from './answers.ts';
import { BOARD_TOOLS } from './board.ts';
import { AUTO } from './declare.ts';
import { runOf } from './run-ids.ts';
import type { ToolFamily } from './toolbox.ts';

const FAMILY = 'delegation';
const NAME = /^delegate_to_(.+)$/;

const Input = z.strictObject({
  task: Text.trim()
    .min(1)
    .max(20_000)
    .describe('All that the other agent has to know: it sees nothing of what you saw'),
});

/** Why this agent may not hand work on to that one; null: it may. Nobody is asked twice on one way, and no way is longer than three. */
const refusedWay = (to: string, from: string, { path }: Lineage): string | null => {
  if (to === from || path.includes(to)) return `${to} is at work on this already; do it yourself or finish`;
  return path.length + 2 > DEPTH_MAX ? `work is handed on ${DEPTH_MAX - 1} times at most; do it yourself` : null;
};

/** `delegate_to_<agent>`: another agent does a part as a run of its own, within what this run has left. */
export const delegationTools = ({ catalogue, content }: Pick<WorkerPorts, 'catalogue' | 'content'>): ToolFamily => ({
  family: FAMILY,
  async pin(_tenantId, names, { agentId: from, lineage }) {
    const known = new Map(catalogue.agents().map((agent) => [agent.id, agent]));
    return names.flatMap((name): PinnedTool[] => {
      const to = known.get(NAME.exec(name)?.[1] ?? '');
      if (!to || refusedWay(to.id, from, lineage) !== null) return [];
      return [
        {
          ...{ name, route: 'delegate', effect: 'read', consent: AUTO, external: true },
          description: `Has ${to.title} do a part of the work and gives its answer. ${to.description}`,
          parameters: z.toJSONSchema(Input, { io: 'input' }),
          of: { family: FAMILY, agentId: to.id },
        },
      ];
    });
  },
  check(_tool, input) {
    const read = Input.safeParse(input);
    return read.success ? null : z.prettifyError(read.error);
  },
  async act({ at, tool, input, effectKey }) {
    const { tenantId, runId, agentId: from, lineage, startedBy, sandbox } = at;
    const to = tool.of['agentId'] ?? '';
    const refused = refusedWay(to, from, lineage);
    if (refused !== null) return { refused: refusal(refused) };
    const { task } = Input.parse(input);
    return {
      act: {
        kind: 'delegate',
        task: {
          ...{ tenantId, runId: runOf(effectKey), agentId: to, inputs: [], operationId: null, startedBy, sandbox },
          brief: await content.put(tenantId, { brief: task }),
          lineage: { crewRunId: lineage.crewRunId, parentRunId: runId, path: [...lineage.path, from] },
          limits: null,
          ...(lineage.crewRunId !== null && { tools: [...BOARD_TOOLS] }),
        },
      },
      shown: { subject: `Hand a part on to ${to}`, connectionId: null },
      preview: { agentId: to },
    };
  },
  tell: async ({ at: { tenantId } }, resultId) =>
    said({ answer: resultId === null ? null : await content.get(tenantId, resultId) }).content,
});
