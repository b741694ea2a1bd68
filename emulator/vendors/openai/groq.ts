import { CREATED, openai, usage, type Dialect } from './dialect.ts';

export const groq: Dialect = {
  ...openai,
  provider: 'groq',
  base: '/openai/v1',
  models: ['openai/gpt-oss-120b', 'openai/gpt-oss-20b', 'openai/gpt-oss-safeguard-20b', 'qwen/qwen3.8-27b'],
  error: ({ message, type, code }) => ({ error: { message, type, code } }),
  faults: {
    // A day's limit has no code of its own, only a long wait.
    quota: { status: 429, type: 'tokens', headers: { 'retry-after': '7200' } },
    overloaded: { status: 498, type: 'server_error', code: 'capacity_exceeded' },
    overflow: { status: 413, type: 'tokens', code: 'rate_limit_exceeded', message: 'Request too large for model.' },
  },
  usage: (given) => ({
    queue_time: 0.02,
    prompt_time: 0.004,
    completion_time: 0.06,
    total_time: 0.064,
    ...usage(given),
  }),
  usageAlsoIn: 'x_groq',
  listed: (id) => ({
    id,
    object: 'model',
    created: CREATED,
    owned_by: 'OpenAI',
    active: true,
    context_window: 131_072,
    max_completion_tokens: 65_536,
  }),
};
