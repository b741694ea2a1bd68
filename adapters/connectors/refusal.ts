import { Fault } from '../../ports/errors.ts';
import type { FaultCode, FieldError } from '../../ports/errors.ts';
import { statusFault } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { ErrorRule, ErrorTable, Manifest } from './manifest.ts';
import { at } from './paths.ts';

const BY_STATUS: Record<number, { fault: FaultCode; message: string }> = {
  401: { fault: 'credential_rejected', message: 'does not take this credential; connect it again' },
  403: { fault: 'credential_forbidden', message: 'does not allow this account to do that' },
  404: { fault: 'not_found', message: 'has nothing under this id' },
  409: { fault: 'conflict', message: 'has something that this would conflict with; look there first' },
  410: { fault: 'not_found', message: 'has nothing under this id any more' },
};

/**
 * The vendor's refusal as our fault: its own code is named where it is a plain word, its prose and the body never are.
 * `body`: the answer's, parsed; undefined when it cannot be.
 */
export function refusal(answer: HttpAnswer, body: unknown, { title, errors }: Manifest): Fault {
  const rule = errors.rules.find((candidate) => fits(candidate, answer.status, body, errors));
  const providerCode = plainCode(codeOf(body, errors));
  const suffix = providerCode === null ? '' : ` (${providerCode})`;
  const fields = refused(body, errors, title);
  if (rule) {
    const blamed = rule.field === undefined ? fields : [{ path: rule.field, message: rule.message }];
    const wait = retryAfterMs(answer.headers.get('retry-after'));
    const retry = rule.fault === 'provider_rate_limited' && wait !== undefined ? { retryAfterMs: wait } : {};
    return new Fault(rule.fault, `${title}: ${rule.message}${suffix}`, { fields: blamed, providerCode, ...retry });
  }
  const common = statusFault(answer, title);
  if (common) return common;
  const known = BY_STATUS[answer.status];
  if (known) return new Fault(known.fault, `${title} ${known.message}${suffix}`, { providerCode });
  return new Fault('provider_rejected', `${title} refused this (status ${answer.status})${suffix}`, {
    fields,
    providerCode,
  });
}

/** True when an answer of status 2xx is a refusal all the same. */
export const refuses = (json: unknown, { yes, refusedBy }: ErrorTable): boolean =>
  (yes !== undefined && !yes.is.includes(at(json, yes.at))) || (isObject(json) && refusedBy?.(json) === true);

const isObject = (body: unknown): body is object => typeof body === 'object' && body !== null;

/** A code that is a plain word or number; prose and what might hold a value is left out. */
export function plainCode(code: unknown): string | null {
  if (typeof code === 'number' && Number.isSafeInteger(code)) return String(code);
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : null;
}

const codeOf = (body: unknown, { code }: ErrorTable): unknown =>
  [code].flat().reduce<unknown>((found, path) => found ?? at(body, path), undefined);

const fits = ({ status, at: where, is }: ErrorRule, given: number, body: unknown, errors: ErrorTable): boolean =>
  (status === undefined || status === given) &&
  (is === undefined || is.includes((where === undefined ? codeOf(body, errors) : at(body, where)) as string | number));

function refused(body: unknown, { fields, fieldsOf }: ErrorTable, title: string): FieldError[] {
  const told = isObject(body) ? (fieldsOf?.(body) ?? []) : [];
  return told.length > 0 || fields === undefined ? told : named(at(body, fields), title);
}

function named(value: unknown, title: string): FieldError[] {
  if (!isObject(value)) return [];
  const names = Object.keys(value).filter((name) => /^[\w.-]{1,64}$/.test(name));
  return names.map((path) => ({ path, message: `${title} does not accept this value` }));
}
