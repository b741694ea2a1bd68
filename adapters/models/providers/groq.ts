import { GROQ_PRICES } from '../prices/groq.ts';
import type { ProviderSpec } from './spec.ts';

export const groq: ProviderSpec = {
  id: 'groq',
  title: 'Groq',
  shape: 'openai',
  baseUrl: () => 'https://api.groq.com/openai/v1',
  keyHeader: 'authorization',
  maxTokensField: 'max_completion_tokens',
  requestIdHeaders: ['x-request-id'],
  // Unless told otherwise these write their thoughts into the answer itself.
  extraBody: (model) => (/^qwen\/qwen[3-9]/.test(model) ? { reasoning_format: 'parsed' } : {}),
  without: {
    tools: /prompt-guard/,
    // Not of every model, and of none beside tools.
    jsonSchema: /^(?!openai\/gpt-oss-(20b|120b)$)/,
    jsonSchemaBesideTools: /./,
  },
  refusals: {
    rate: /^rate_limit_exceeded$/,
    overflow: /^context_length_exceeded$/,
    // The model wrote what the server could not read: another try is another answer.
    transient: /^(tool_use_failed|json_validate_failed|capacity_exceeded)$/,
  },
  tokenFactor: 1.15,
  prices: GROQ_PRICES,
};
