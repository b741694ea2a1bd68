import { APIConnectionError, APIError } from 'openai';
import { Fault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';
import { retryAfterMs } from '../http/retry-after.ts';

// All come as 429 like a rate limit, but waiting never helps.
const QUOTA = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
]);
const RATE = new Set(['rate_limit_exceeded', 'slow_down']);
const TOO_LONG = /maximum context length|context window|prompt is too long/i;
const WAIT_MS_MAX = 60 * 60 * 1000;

const SENTENCES: Partial<Record<FaultCode, string>> = {
  llm_quota: 'the model provider’s quota is used up; add credit there or use another key',
  llm_rate_limited: 'the model provider asks us to slow down',
  llm_context_overflow: 'the conversation is longer than the model can read',
  llm_auth: 'the model provider does not take this key',
  llm_transient: 'the model provider is not working now',
  llm_bad_request: 'the model provider refuses this request',
};

type ApiError = APIError<number | undefined, Headers | undefined>;
const isApiError = (error: unknown): error is ApiError => error instanceof APIError;

/** The provider's error in our classes. Its prose may repeat the prompt or the key, so only its code is named. */
export function llmFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (!isApiError(error)) return new Fault('llm_transient', 'the model’s answer broke off');
  const code = classOf(error);
  const name = typeof error.code === 'string' && /^[\w.-]{1,64}$/.test(error.code) ? error.code : undefined;
  const detail = [name, error.status].filter((part) => part !== undefined).join(', ');
  const wait = code === 'llm_rate_limited' || code === 'llm_transient' ? waitMs(error) : undefined;
  return new Fault(code, `${SENTENCES[code] ?? code}${detail === '' ? '' : ` (${detail})`}`, {
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}

function classOf(error: ApiError): FaultCode {
  if (error instanceof APIConnectionError) return 'llm_transient';
  const { status } = error;
  const names = [error.code, error.type].filter((name) => typeof name === 'string');
  if (status === 402 || names.some((name) => QUOTA.has(name))) return 'llm_quota';
  if (status === 429 || names.some((name) => RATE.has(name))) return 'llm_rate_limited';
  if (status === 413 || names.includes('context_length_exceeded')) return 'llm_context_overflow';
  if (status === 400 && TOO_LONG.test(error.message)) return 'llm_context_overflow';
  if (status === 401 || status === 403) return 'llm_auth';
  // No status: an error inside the stream, after a 200.
  if (status === undefined || status >= 500 || status === 408 || status === 409) return 'llm_transient';
  return 'llm_bad_request';
}

function waitMs({ headers }: ApiError): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) return Math.min(Math.max(ms, 0), WAIT_MS_MAX);
  return retryAfterMs(headers?.get('retry-after') ?? undefined);
}
