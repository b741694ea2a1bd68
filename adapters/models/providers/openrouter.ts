import type { ProviderSpec } from './spec.ts';

/** Models of many, each named author/slug. */
export const openrouter: ProviderSpec = {
  id: 'openrouter',
  title: 'OpenRouter',
  shape: 'openai',
  baseUrl: () => 'https://openrouter.ai/api/v1',
  keyHeader: 'authorization',
  maxTokensField: 'max_tokens',
  // What tenants say is not for others to learn from.
  extraBody: () => ({ provider: { data_collection: 'deny' } }),
  // Its list of models is open to everybody.
  proof: '/key',
  requestIdHeaders: ['x-request-id'],
  without: {},
  // Whoever serves the model behind it need not know such a thing.
  dropsShape: true,
  refusals: {
    quota: /^payment_required$/,
    rate: /^rate_limit_exceeded$/,
    overflow: /^(context_length_exceeded|payload_too_large)$/,
    filter: /moderation|guardrail|content_filter/,
    transient: /^(timeout|server|provider_unavailable|provider_overloaded)$/,
  },
  tokenFactor: 1.15,
  prices: null,
};
