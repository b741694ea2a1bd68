import { z } from 'zod';
import type { Ports } from '../../ports/index.ts';
import { said } from './answers.ts';
import { declaredFamily, declareTool, reads } from './declare.ts';
import type { ToolFamily } from './toolbox.ts';

/** Texts that the tenant chose to give its agents. */
export const knowledgeTools = ({ knowledge }: Pick<Ports, 'knowledge'>): ToolFamily =>
  declaredFamily('knowledge', {
    search_knowledge: declareTool({
      ...reads(true),
      description:
        'Searches the company’s own texts by words and gives the passages that fit best. Name a passage by its `chunkId` when you rely on it.',
      input: z.strictObject({ query: z.string().min(1).max(500), limit: z.int().min(1).max(10).default(5) }),
      run: async ({ at: { tenantId } }, { query, limit }) =>
        said({ passages: await knowledge.search(tenantId, query, limit) }),
    }),
  });
