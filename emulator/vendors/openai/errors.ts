import type { ModelFaultKind } from '../../models/script-terms.ts';

const DEFAULTS: Record<number, { type: string; code: string | null; message: string }> = {
  400: { type: 'invalid_request_error', code: null, message: 'The request is not valid.' },
  401: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'Incorrect API key provided.' },
  404: {
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model does not exist or you have no access to it.',
  },
  429: { type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached for requests.' },
  500: {
    type: 'server_error',
    code: 'server_error',
    message: 'The server had an error while processing your request.',
  },
  408: { type: 'server_error', code: null, message: 'The request timed out.' },
  503: { type: 'server_error', code: 'server_is_overloaded', message: 'The server is overloaded, try again later.' },
};
const FALLBACK = { type: 'server_error', code: null, message: 'The request failed.' };

export interface OpenaiProblem {
  status: number;
  type?: string;
  code?: string | null;
  message?: string;
  param?: string | null;
  /** Of vendors whose errors hold more. */
  details?: unknown[];
  headers?: Record<string, string>;
}

/** What the caller left out, as the vendor says it. */
export function completed({ status, param = null, ...given }: OpenaiProblem) {
  // Running out of money shares its status with throttling and is told apart by type alone.
  const quota =
    given.code === 'insufficient_quota'
      ? { type: 'insufficient_quota', message: 'You exceeded your current quota.' }
      : {};
  const { type, code, message } = { ...(DEFAULTS[status] ?? FALLBACK), ...quota, ...given };
  return { status, type, code, message, param, ...(given.details ? { details: given.details } : {}) };
}

export const badRequest = (message: string, param: string | null = null): OpenaiProblem => ({
  status: 400,
  message,
  param,
});

/** What each fault is at OpenAI; other vendors have some of their own. */
export const FAULTS: Partial<Record<ModelFaultKind, OpenaiProblem>> = {
  rate: { status: 429, code: 'rate_limit_exceeded' },
  quota: {
    status: 429,
    type: 'insufficient_quota',
    code: 'credit_balance_exhausted',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  overloaded: { status: 503 },
  server: { status: 500 },
  overflow: {
    status: 400,
    code: 'context_length_exceeded',
    param: 'messages',
    message: "This model's maximum context length is 272000 tokens. However, your messages resulted in 301442 tokens.",
  },
  auth: { status: 401 },
  bad: { status: 400, message: 'The request is not valid: it was told to be refused.' },
  filter: { status: 400, code: 'content_policy_violation', message: 'The prompt was refused by the usage policies.' },
};
