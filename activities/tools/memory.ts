import { z } from 'zod';
import { Text } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { said } from './answers.ts';
import { AUTO, declaredFamily, declareTool, reads } from './declare.ts';
import type { ToolFamily } from './toolbox.ts';

/** What an agent keeps for its later runs. A fact may have been planted, so that it comes back as material. */
export const memoryTools = ({ memory }: Pick<Ports, 'memory'>): ToolFamily =>
  declaredFamily('memory', {
    remember: declareTool({
      ...{ route: 'activity', effect: 'write', consent: AUTO, external: false },
      description: 'Keeps one fact for your later work for this company. People see these facts and may delete them.',
      input: z.strictObject({ fact: Text.trim().min(1).max(1000) }),
      // The store knows the attempt by its name.
      repeatable: () => true,
      async run({ at: { tenantId, runId, agentId }, asked, effectKey }, { fact }) {
        const { id } = await memory.remember(tenantId, agentId, {
          ...{ fact, source: { runId, seq: asked }, opId: effectKey },
        });
        return said({ remembered: true }, id);
      },
    }),
    recall: declareTool({
      ...reads(true),
      description: 'Gives facts that you kept earlier: those that fit the query’s words, or the newest.',
      input: z.strictObject({ query: z.string().max(500).optional(), limit: z.int().min(1).max(30).default(10) }),
      async run({ at: { tenantId, agentId } }, { query, limit }) {
        const facts = await memory.recall(tenantId, agentId, query ?? null, limit);
        return said({ facts: facts.map(({ fact, createdAt }) => ({ fact, since: createdAt })) });
      },
    }),
  });
