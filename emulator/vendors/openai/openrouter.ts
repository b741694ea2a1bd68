import { CREATED, openai, usage, type Dialect } from './dialect.ts';

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'payment_required',
  404: 'not_found',
  429: 'rate_limit_exceeded',
  500: 'server',
  529: 'provider_overloaded',
};
/** Dollars per token, as the vendor charges them. */
const OPENROUTER_PRICE = { input: 0.000_002, output: 0.000_01 };

export const openrouter: Dialect = {
  ...openai,
  provider: 'openrouter',
  base: '/api/v1',
  models: ['openai/gpt-6.1-sol', 'anthropic/claude-sonnet-5.5', 'google/gemini-3.8-flash', 'openai/gpt-oss-120b:free'],
  error: ({ status, message, code }) => ({
    error: {
      code: status,
      message,
      metadata: { error_type: code === 'context_length_exceeded' ? code : (ERROR_TYPES[status] ?? 'unknown') },
    },
    user_id: 'user_emulated',
  }),
  faults: {
    quota: { status: 402, message: 'Insufficient credits. Add more to go on.' },
    overloaded: { status: 529, message: 'Provider returned error' },
  },
  usage: (given) => ({
    ...usage(given),
    cost: given.input * OPENROUTER_PRICE.input + given.output * OPENROUTER_PRICE.output,
    is_byok: false,
  }),
  opening: [': OPENROUTER PROCESSING\n\n', ': OPENROUTER PROCESSING\n\n'],
  requestId: '',
  listed: (id) => ({
    id,
    canonical_slug: id,
    name: id,
    created: CREATED,
    context_length: 1_050_000,
    pricing: { prompt: '0.000002', completion: '0.00001', request: '0', image: '0', input_cache_read: '0.0000001' },
    supported_parameters: ['tools', 'tool_choice', 'max_tokens', 'structured_outputs', 'response_format'],
    top_provider: { context_length: 1_050_000, max_completion_tokens: 128_000, is_moderated: true },
  }),
};
