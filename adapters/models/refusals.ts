import { Fault, isFault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { brokeOff } from './door.ts';
import type { ProviderSpec } from './providers/spec.ts';

const TOO_LONG =
  /maximum context length|context window|context limit|prompt is too long|input token count|reduce the length/i;
const FILTERED = /content[ _](filter|management policy|policy)|usage policies/i;
const NO_CREDIT = /credit balance|spend limit|usage limits/i;
const WAIT_MS_MAX = 60 * 60 * 1000;
/** Whoever asks for a longer wait than one call is tried for means a quota, whatever it is called. */
const RATE_WAIT_MS_MAX = 10 * 60 * 1000;
/** Where waiting helps. */
const WAITS = new Set<string>(['llm_rate_limited', 'llm_transient', 'llm_quota']);

const SENTENCES: Partial<Record<FaultCode, string>> = {
  llm_quota: '’s quota is used up; add credit there or use another key',
  llm_rate_limited: ' asks us to slow down',
  llm_context_overflow: ': the conversation is longer than the model can read',
  llm_auth: ' does not take this key; replace it',
  llm_transient: ' is not working now',
  llm_bad_request: ' refuses this request',
};

/** What a provider said no with, whichever library read it. */
interface Refusal {
  /** Undefined: inside the stream, after a 200. */
  status: number | undefined;
  /** All that it calls the problem by. */
  names: string[];
  /** May repeat the prompt or the key: read here, and never told. */
  prose: string;
  headers: Headers | undefined;
  body: unknown;
}

export type Judged =
  | { kind: 'fault'; fault: Fault; keyRefused: boolean }
  /** Cut out by the provider: an answer, though an empty one. */
  | { kind: 'filtered' };

/** The provider's error in our classes (agents.md §5.3). */
export function judge(error: unknown, spec: ProviderSpec): Judged {
  const fault = (given: Fault, keyRefused = false): Judged => ({ kind: 'fault', fault: given, keyRefused });
  const own = faultWithin(error);
  if (own) return fault(own);
  const refusal = read(error);
  if (!refusal) return fault(brokeOff());
  const wait = waitMs(refusal);
  const named = classOf(refusal, spec);
  const code = named === 'llm_rate_limited' && (wait ?? 0) > RATE_WAIT_MS_MAX ? 'llm_quota' : named;
  if (code === 'filter') return { kind: 'filtered' };
  const { status, names } = refusal;
  const [name] = names.filter((one) => /^[\w.-]{1,64}$/.test(one));
  const detail = [...new Set([name, status === undefined ? undefined : String(status)])].filter(Boolean).join(', ');
  return fault(
    new Fault(code, `${spec.title}${SENTENCES[code] ?? `: ${code}`}${detail === '' ? '' : ` (${detail})`}`, {
      ...(wait !== undefined && WAITS.has(code) && { retryAfterMs: wait }),
      providerCode: name ?? null,
    }),
    code === 'llm_auth' && status !== 403,
  );
}

/** Ours, however deep the library put it. An address that is not to be reached is nothing that waiting mends. */
function faultWithin(error: unknown): Fault | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isFault(at, 'host_refused')) {
      return new Fault('llm_bad_request', 'the address of this model provider is not open to us; mend the endpoint');
    }
    if (at instanceof Fault) return at.code.startsWith('llm_') ? at : null;
  }
  return null;
}

function classOf({ status, names, prose }: Refusal, { refusals }: ProviderSpec): FaultCode | 'filter' {
  const says = (pattern: RegExp | undefined) => pattern !== undefined && names.some((name) => pattern.test(name));
  if (status === 402 || says(refusals.quota) || (status === 400 && NO_CREDIT.test(prose))) return 'llm_quota';
  // Before a rate, whatever it is called: one request above a whole minute's tokens never fits.
  if (status === 413) return 'llm_context_overflow';
  if (status === 429 || says(refusals.rate)) return 'llm_rate_limited';
  if (says(refusals.overflow) || (status === 400 && TOO_LONG.test(prose))) return 'llm_context_overflow';
  if (says(refusals.filter) || (status === 400 && [prose, ...names].some((text) => FILTERED.test(text))))
    return 'filter';
  if (status === 401 || status === 403 || says(refusals.auth)) return 'llm_auth';
  if (status === undefined || status >= 498 || status === 408 || status === 409) return 'llm_transient';
  return says(refusals.transient) ? 'llm_transient' : 'llm_bad_request';
}

/** Both libraries' errors have these fields; neither is loaded to look. */
function read(error: unknown): Refusal | null {
  if (!(error instanceof Error) || !('status' in error) || !('headers' in error)) return null;
  const given: unknown = 'error' in error ? error.error : undefined;
  // One library hands over the whole body, the other what is under `error`.
  const body = field(given, 'error') ?? given;
  const names = namesIn(body);
  const named = names.map(Number).find((code) => Number.isInteger(code) && code >= 400 && code <= 599);
  const status = typeof error.status === 'number' ? error.status : named;
  return {
    status,
    // A number is a status, not a name.
    names: names.filter((name) => !/^\d+$/.test(name)),
    prose: error.message,
    headers: error.headers instanceof Headers ? error.headers : undefined,
    body,
  };
}

const field = (from: unknown, name: string): unknown =>
  typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined;
const list = (from: unknown): unknown[] => (Array.isArray(from) ? from : []);

/** Wherever each of the providers puts its names, the one that says most first. */
function namesIn(body: unknown): string[] {
  const details = field(body, 'details');
  return [
    field(details, 'error_code'),
    field(field(body, 'metadata'), 'error_type'),
    ...list(details).flatMap((detail) => [
      field(detail, 'reason'),
      ...list(field(detail, 'violations')).map((violation) => field(violation, 'quotaId')),
    ]),
    field(body, 'code'),
    field(body, 'status'),
    field(body, 'type'),
    field(field(body, 'innererror'), 'code'),
  ]
    .filter((name) => typeof name === 'string' || typeof name === 'number')
    .map(String);
}

/** `retry-after-ms`, `Retry-After` in seconds or as a date, or Google's word in the body. */
function waitMs({ headers, body }: Refusal): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) return Math.min(Math.max(ms, 0), WAIT_MS_MAX);
  const delay = list(field(body, 'details'))
    .map((detail) => field(detail, 'retryDelay'))
    .find(Boolean);
  return retryAfterMs(headers?.get('retry-after') ?? (typeof delay === 'string' ? delay.replace(/s$/, '') : undefined));
}
