import { Fault } from '../../ports/errors.ts';
import type { HttpAnswer } from './client.ts';
import { LARGE_BYTES, parseJson, parseLargeJson } from './json.ts';
import { retryAfterMs } from './retry-after.ts';

/** The body as text, without the byte order mark that some servers put first. */
export const textOf = ({ body }: HttpAnswer): string => body.toString('utf8').replace(/^\uFEFF/, '');

/** The body as JSON; `provider_garbage` when it is none, such as a proxy's error page. */
export function jsonOf(answer: HttpAnswer, who: string): unknown {
  try {
    return parseJson(answer.body);
  } catch {
    throw noJson(answer, who);
  }
}

/** The same for a body of any size, during which others have their turn. An aborted signal throws its own reason. */
export async function pageOf(answer: HttpAnswer, who: string, signal?: AbortSignal): Promise<unknown> {
  if (answer.body.length <= LARGE_BYTES) return jsonOf(answer, who);
  try {
    return await parseLargeJson(answer.body, signal);
  } catch {
    signal?.throwIfAborted();
    throw noJson(answer, who);
  }
}

const noJson = ({ status }: HttpAnswer, who: string) =>
  new Fault('provider_garbage', `${who} answered with something that is not JSON (status ${status})`);

/** The body where it is JSON, else undefined: a refusal may come as any page. */
export function jsonIfAny({ body }: HttpAnswer): unknown {
  try {
    return body.length > LARGE_BYTES ? undefined : parseJson(body);
  } catch {
    return undefined;
  }
}

/** A plain sentence of a few words, as some vendors refuse with; undefined where it is anything else. */
export const sentenceIfAny = (answer: HttpAnswer): string | undefined =>
  answer.body.length <= 200 && answer.headers.get('content-type')?.startsWith('text/plain')
    ? textOf(answer).trim()
    : undefined;

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
