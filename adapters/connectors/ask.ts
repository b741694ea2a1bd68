import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonOf } from '../http/answers.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { Unanswered } from '../http/unanswered.ts';
import { refusal } from './refusal.ts';
import type { Manifest, Params } from './manifest.ts';
import { filled, urlOf } from './paths.ts';

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Params;
  body?: unknown;
}

export interface Reply {
  json: unknown;
  headers: HttpAnswer['headers'];
  bytes: number;
}

/** Asks one vendor for one account. Whatever is not a good answer is a `Fault` in the vendor's own terms. */
export type Ask = (call: Call) => Promise<Reply>;

export const createAsk =
  (http: HttpClient, manifest: Manifest, settings: Params, secret: SecretValues): Ask =>
  async ({ method = 'GET', path, query, body }) => {
    const url = urlOf(filled(manifest.base, settings), path, query);
    const answer = await http.send({
      method,
      url,
      headers: {
        accept: 'application/json',
        authorization: authorization(manifest, settings, secret),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (new URL(answer.url).origin !== new URL(url).origin || (answer.status >= 300 && answer.status < 400)) {
      throw new Fault(
        'provider_rejected',
        `${manifest.title} has moved to another address; connect it again with that one`,
      );
    }
    if (answer.status >= 400) throw refusal(answer, manifest);
    return {
      json: answer.status === 204 ? null : jsonOf(answer, manifest.title),
      headers: answer.headers,
      bytes: answer.body.length,
    };
  };

function authorization({ auth, title }: Manifest, settings: Params, secret: SecretValues): string {
  if (auth.kind === 'oauth2') {
    const token = secret['access_token'];
    if (!token) throw new Fault('reauth_required', `no token is stored for ${title}; connect it again`);
    return `Bearer ${token}`;
  }
  const given = { ...settings, ...secret };
  return `Basic ${Buffer.from(`${given[auth.user] ?? ''}:${given[auth.password] ?? ''}`).toString('base64')}`;
}

/** True when the other side may have acted although we have no good answer. */
export const maybeDone = (error: unknown): boolean =>
  error instanceof Unanswered ? error.maybeProcessed : error instanceof Fault && AMBIGUOUS.has(error.code);

const AMBIGUOUS = new Set(['provider_down', 'provider_garbage']);
