import { Fault } from '../../ports/errors.ts';
import type { TenantSettingsStore } from '../../ports/tenant-settings.ts';
import type { WebAnswer, WebPort } from '../../ports/web.ts';
import { clean, plainText } from '../connectors/plain-text.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { Unanswered } from '../http/unanswered.ts';

const BYTES_MAX = 2 * 1024 * 1024;
const CALL_MS = 20_000;
/** Methods that may be made again when nobody knows whether they happened. */
const AGAIN = new Set(['GET', 'PUT', 'DELETE']);
const TEXT = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|javascript|x-ndjson)\b)/i;

const reaches = (hosts: string[], host: string): boolean =>
  hosts.some((listed) => (listed.startsWith('*.') ? host.endsWith(listed.slice(1)) : host === listed));

const textOf = ({ headers, body }: HttpAnswer): string | null => {
  const type = headers.get('content-type') ?? '';
  if (!TEXT.test(type)) return null;
  const text = body.toString('utf8');
  return /^text\/html\b/i.test(type) ? plainText(text) : clean(text);
};

/** The web for agents: hosts of the tenant's own list alone, each redirect included. */
export const createWeb = (
  http: Pick<HttpClient, 'send'>,
  tenantSettings: Pick<TenantSettingsStore, 'get'>,
): WebPort => ({
  async send(tenantId, { method, url, body, key, signal }): Promise<WebAnswer> {
    const { agentHosts } = await tenantSettings.get(tenantId);
    const admit = (at: string): void => {
      const host = URL.parse(at)?.hostname ?? '';
      if (reaches(agentHosts, host)) return;
      throw new Fault(
        'host_refused',
        `${host} is not among the hosts that agents of this company may reach; an administrator can add it.`,
      );
    };
    admit(url);
    try {
      const answer = await http.send({
        ...{ method, url, signal, timeoutMs: CALL_MS, bodyBytesMax: BYTES_MAX, redirected: admit },
        headers: {
          accept: 'text/html, application/json;q=0.9, text/*;q=0.8, */*;q=0.1',
          ...(body && { 'content-type': body.contentType }),
          ...(key !== null && { 'idempotency-key': key }),
        },
        ...(body && { body: body.text }),
      });
      const { status, headers } = answer;
      if (status >= 500 && !AGAIN.has(method)) throw lost(url);
      const contentType = headers.get('content-type') ?? null;
      return { status, url: answer.url, contentType, text: textOf(answer), bytes: answer.body.length };
    } catch (error) {
      const maybe =
        error instanceof Unanswered
          ? error.maybeProcessed
          : error instanceof Fault && error.code === 'provider_garbage';
      throw maybe && !AGAIN.has(method) ? lost(url) : error;
    }
  },
});

const lost = (url: string) =>
  new Fault(
    'outcome_unknown',
    `${new URL(url).host} gave no answer, so that nobody knows whether it did what was asked; look there`,
  );
