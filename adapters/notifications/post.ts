import { Fault } from '../../ports/errors.ts';
import { statusFault, textOf } from '../http/answers.ts';
import type { HttpClient } from '../http/client.ts';

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/**
 * Posts JSON to a URL that a tenant gave: through the guard, and no redirect is followed. The URL is a secret and stands in
 * no sentence, nor does what the other side wrote, but for a code such as `no_service`.
 */
export async function postJson(
  http: HttpClient,
  { who, url, headers, body }: { who: string; url: string; headers?: Record<string, string>; body: string },
): Promise<void> {
  const answer = await http.send({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body,
    timeoutMs: TIMEOUT_MS,
    bodyBytesMax: ANSWER_BYTES_MAX,
  });
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const fault = statusFault(answer, who);
  if (fault) throw fault;
  if (status < 400) {
    throw new Fault(
      'provider_rejected',
      `${who} redirects elsewhere (status ${status}); give the address it leads to.`,
    );
  }
  const providerCode = /^[a-z][a-z_]{2,59}$/.exec(textOf(answer).trim())?.[0] ?? null;
  const why = providerCode === null ? `status ${status}` : `status ${status}, ${providerCode}`;
  throw new Fault('provider_rejected', `${who} refuses the message (${why}); correct the address of the channel.`, {
    providerCode,
  });
}
