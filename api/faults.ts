import { z } from 'zod';
import { FAULTS, Fault } from '../ports/errors.ts';
import { temporalFault } from './temporal-faults.ts';

/** RFC 9457 problem details, with a stable `code` to switch on. */
export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    retryable: z.boolean(),
    retry_after_ms: z.number().int().optional(),
    /** The other system's own code, where it gave one. */
    provider_code: z.string().optional(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** What leaves: kept whole, so that a repeated request can be given it again. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

const RETRY_AFTER_MS = 2000;

const title = (code: string) => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');

/** Errors of Koa and its middleware say their status themselves, such as 400 for a malformed URL. */
const httpFault = (error: unknown): Fault | null => {
  const status = error instanceof Error && 'status' in error ? error.status : null;
  if (status === 404) return new Fault('not_found', 'There is nothing here.', { cause: error });
  return status === 400 ? new Fault('invalid_request', 'The request is malformed.', { cause: error }) : null;
};

/** Every error as the one kind that has a code. What is unknown is ours to mend, so its message stays inside. */
export const toFault = (error: unknown): Fault => {
  const fault = error instanceof Fault ? error : (temporalFault(error) ?? httpFault(error));
  if (fault !== null && fault.code !== 'internal') return fault;
  return new Fault('internal', 'Something went wrong on our side; try again, or name the request_id to support.', {
    cause: error,
  });
};

export const toAnswer = (fault: Fault, requestId: string): Answer => {
  const { status, retry } = FAULTS[fault.code];
  const retryAfterMs = fault.retryAfterMs ?? (retry && (status === 503 || status === 429) ? RETRY_AFTER_MS : undefined);
  const body: Problem = {
    type: `urn:bizosaas:problem:${fault.code}`,
    title: title(fault.code),
    status,
    detail: fault.message,
    code: fault.code,
    request_id: requestId,
    retryable: retry,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(fault.providerCode === null ? {} : { provider_code: fault.providerCode }),
    errors: fault.fields,
  };
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json; charset=utf-8',
      ...(retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    },
    body,
  };
};
