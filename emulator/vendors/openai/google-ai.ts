import { openai, type Dialect } from './dialect.ts';

const GOOGLE_STATUS: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
const google = (kind: string) => `type.googleapis.com/google.rpc.${kind}`;

export const googleAi: Dialect = {
  ...openai,
  provider: 'google-ai',
  base: '/v1beta/openai',
  models: ['gemini-4-argon', 'gemini-3.8-flash', 'gemini-3.6-flash', 'gemini-3.5-flash-lite', 'gemini-2.5-pro'],
  // A list of one, where everybody else gives the one.
  error: ({ status, message, details }) => [
    { error: { code: status, message, status: GOOGLE_STATUS[status] ?? 'UNKNOWN', ...(details ? { details } : {}) } },
  ],
  faults: {
    quota: {
      status: 429,
      message: 'You exceeded your current quota, please check your plan and billing details.',
      details: [
        {
          '@type': google('QuotaFailure'),
          violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
        },
      ],
    },
    overflow: {
      status: 400,
      message: 'The input token count (1048599) exceeds the maximum number of tokens allowed (1048576).',
    },
    // Keys of the old kind are an invalid argument here, and not a 401.
    auth: {
      status: 400,
      message: 'API key not valid. Please pass a valid API key.',
      details: [{ '@type': google('ErrorInfo'), reason: 'API_KEY_INVALID', domain: 'googleapis.com' }],
    },
  },
  // There is no header for it.
  again: (after) => ({ details: [{ '@type': google('RetryInfo'), retryDelay: `${after}s` }] }),
  // Thoughts are billed beside what was written, and only the total says so.
  usage: ({ input, cached, output, reasoning }) => ({
    prompt_tokens: input,
    completion_tokens: output - reasoning,
    total_tokens: input + output,
    ...(cached > 0 ? { prompt_tokens_details: { cached_tokens: cached } } : {}),
  }),
  requestId: '',
  callId: 'call_google',
  signature: {
    value: 'ZW11bGF0ZWQ=',
    wantedBy: /^gemini-(?![12]\b)/,
    placeholder: 'skip_thought_signature_validator',
  },
  wholeCalls: true,
  listed: (id) => ({ id: `models/${id}`, object: 'model', owned_by: 'google' }),
};
