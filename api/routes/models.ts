import { z } from 'zod';
import { KeyState, ModelInfo, ModelRef, Provider, PROVIDERS } from '../../ports/models.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const Models = z
  .strictObject({
    data: z.array(ModelInfo),
    nextCursor: z.null(),
    providers: z.array(z.strictObject({ provider: Provider, state: KeyState })),
    defaults: z
      .strictObject({ fast: ModelRef, deep: ModelRef })
      .meta({ description: 'What agents ask whose settings name no model.' }),
  })
  .meta({ id: 'Models' });

export const modelRoutes = ({ ports: { llm } }: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/models',
    summary: 'Models with a known price, what each can do, and which providers can be asked',
    description: 'Others can be named too: they are counted at the dearest price known.',
    may: 'viewAgents',
    within: 'tenant',
    query: z.strictObject({ provider: Provider.optional() }),
    reply: { status: 200, schema: Models },
    async handle({ query: { provider }, tenantId }) {
      const states = PROVIDERS.map(async (one) => ({ provider: one, state: await llm.keyState(tenantId, one) }));
      return {
        data: llm.models().filter(({ ref }) => provider === undefined || ref.provider === provider),
        nextCursor: null,
        providers: await Promise.all(states),
        defaults: { fast: llm.default('fast'), deep: llm.default('deep') },
      };
    },
  }),
];
