import { json, type Reply } from '../../http.ts';

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
  503: { type: 'server_error', code: 'server_is_overloaded', message: 'The server is overloaded, try again later.' },
};
const FALLBACK = { type: 'server_error', code: null, message: 'The request failed.' };

export interface OpenaiProblem {
  status: number;
  type?: string;
  code?: string | null;
  message?: string;
  param?: string | null;
  headers?: Record<string, string>;
}

export function openaiError({ status, headers = {}, param = null, ...given }: OpenaiProblem): Reply {
  // Running out of money shares its status with throttling and is told apart by type alone.
  const quota =
    given.code === 'insufficient_quota'
      ? { type: 'insufficient_quota', message: 'You exceeded your current quota.' }
      : {};
  const { type, code, message } = { ...(DEFAULTS[status] ?? FALLBACK), ...quota, ...given };
  return json(status, { error: { message, type, param, code } }, headers);
}

export const badRequest = (message: string, param: string | null = null): Reply =>
  openaiError({ status: 400, message, param });
