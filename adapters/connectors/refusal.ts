import { Fault } from '../../ports/errors.ts';
import type { FaultCode, FieldError } from '../../ports/errors.ts';
import { jsonIfAny, statusFault } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { ErrorRule, Manifest } from './manifest.ts';
import { at } from './paths.ts';
import { xmlIfAny } from './xml.ts';

const BY_STATUS: Record<number, { fault: FaultCode; message: string }> = {
  401: { fault: 'credential_rejected', message: 'does not take this credential; connect it again' },
  403: { fault: 'credential_forbidden', message: 'does not allow this account to do that' },
  404: { fault: 'not_found', message: 'has nothing under this id' },
  410: { fault: 'not_found', message: 'has nothing under this id any more' },
};

/** The vendor's refusal as our fault: its own code is named where it is a plain word, its prose and the body never are. */
export function refusal(answer: HttpAnswer, { title, errors, xml }: Manifest): Fault {
  const body = xml ? xmlIfAny(answer, xml) : jsonIfAny(answer);
  const code = at(body, errors.code);
  const rule = errors.rules.find((candidate) => fits(candidate, answer.status, body, errors.code));
  const providerCode = plainCode(code);
  const suffix = providerCode === null ? '' : ` (${providerCode})`;
  if (rule) {
    const fields = rule.field === undefined ? [] : [{ path: rule.field, message: rule.message }];
    const wait = retryAfterMs(answer.headers.get('retry-after'));
    const retry = rule.fault === 'provider_rate_limited' && wait !== undefined ? { retryAfterMs: wait } : {};
    return new Fault(rule.fault, `${title}: ${rule.message}${suffix}`, { fields, providerCode, ...retry });
  }
  const common = statusFault(answer, title);
  if (common) return common;
  const known = BY_STATUS[answer.status];
  if (known) return new Fault(known.fault, `${title} ${known.message}${suffix}`, { providerCode });
  const fields = errors.fields === undefined ? [] : named(at(body, errors.fields), title);
  return new Fault('provider_rejected', `${title} refused this (status ${answer.status})${suffix}`, {
    fields,
    providerCode,
  });
}

/** A code that is a plain word or number; prose and what might hold a value is left out. */
export function plainCode(code: unknown): string | null {
  if (typeof code === 'number' && Number.isSafeInteger(code)) return String(code);
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : null;
}

const fits = ({ status, at: where, is }: ErrorRule, given: number, body: unknown, codePath: string): boolean =>
  status === given && (is === undefined || is.includes(at(body, where ?? codePath) as string | number));

function named(value: unknown, title: string): FieldError[] {
  if (typeof value !== 'object' || value === null) return [];
  const names = Object.keys(value).filter((name) => /^[\w.-]{1,64}$/.test(name));
  return names.map((path) => ({ path, message: `${title} does not accept this value` }));
}
