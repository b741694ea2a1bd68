import { Fault } from '../../ports/errors.ts';
import type { HttpAnswer } from './client.ts';
import { retryAfterMs } from './retry-after.ts';

/** The body as text, without the byte order mark that some servers put first. */
export const textOf = ({ body }: HttpAnswer): string => body.toString('utf8').replace(/^\uFEFF/, '');

/** The body as JSON; `provider_garbage` when it is none, such as a proxy's error page. */
export function jsonOf(answer: HttpAnswer, who: string): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    throw new Fault('provider_garbage', `${who} answered with something that is not JSON (status ${answer.status})`);
  }
}

/** The body where it is JSON, else undefined: a refusal may come as any page. */
export function jsonIfAny(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    return undefined;
  }
}

/** What every vendor means by these statuses; undefined when the status is the vendor's own business. */
export function statusFault({ status, headers }: HttpAnswer, who: string): Fault | undefined {
  const wait = retryAfterMs(headers.get('retry-after'));
  if (status === 429 || (status === 503 && wait !== undefined)) {
    return new Fault('provider_rate_limited', `${who} asks us to slow down`, {
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  }
  if (status >= 500 || status === 408)
    return new Fault('provider_down', `${who} is not working now (status ${status})`);
  return undefined;
}
