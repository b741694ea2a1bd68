import { z } from 'zod';
import { Text } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import { DEFAULT_ASK } from '../../ports/tools.ts';
import { said } from './answers.ts';
import { declaredFamily, declareTool } from './declare.ts';
import type { ToolFamily } from './toolbox.ts';

/** Anybody of the company may answer. */
const ANSWERED_BY: ApprovalPolicy = { ...DEFAULT_ASK, roles: ['tenant_admin', 'tenant_user'] };

/** A question to the people of the company: the run waits for their answer, for days if need be. */
export const questionTools = ({ content }: Pick<Ports, 'content'>): ToolFamily =>
  declaredFamily('question', {
    ask_person: declareTool({
      ...{ route: 'question', effect: 'read', consent: { kind: 'ask', policy: ANSWERED_BY }, external: false },
      description:
        'Asks the people of the company and waits for their answer. Only for what you cannot find out yourself.',
      input: z.strictObject({ question: Text.trim().min(1).max(4000) }),
      act: async ({ at: { agentId } }, { question }) => ({
        act: { kind: 'question' },
        shown: { subject: `A question from ${agentId}`, connectionId: null },
        preview: { question },
      }),
      async tell({ at: { tenantId } }, resultId) {
        if (resultId === null) return JSON.stringify({ answered: false });
        return said({ answer: await content.get(tenantId, resultId) }).content;
      },
    }),
  });
