import { OPENAI_PRICES } from '../prices/openai.ts';
import type { ProviderSpec } from './spec.ts';

export const openai: ProviderSpec = {
  id: 'openai',
  title: 'OpenAI',
  shape: 'openai',
  baseUrl: () => 'https://api.openai.com/v1',
  keyHeader: 'authorization',
  maxTokensField: 'max_completion_tokens',
  requestIdHeaders: ['x-request-id'],
  // These models think first; they take no temperature.
  without: { temperature: /^(o\d|gpt-5|gpt-[6-9])/ },
  refusals: {
    // All come as 429 like a rate limit, but waiting never helps.
    quota:
      /^(insufficient_quota|credit_balance_exhausted|(organization|project)_spend_limit_exceeded|organization_usage_limit_exceeded|billing_hard_limit_reached)$/,
    rate: /^(rate_limit_exceeded|slow_down)$/,
    overflow: /^context_length_exceeded$/,
    filter: /^(content_filter|content_policy_violation|invalid_prompt)$/,
    transient: /^(server_error|server_is_overloaded)$/,
  },
  tokenFactor: 1,
  prices: OPENAI_PRICES,
};
