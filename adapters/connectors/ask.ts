import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonOf } from '../http/answers.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { Unanswered } from '../http/unanswered.ts';
import type { DeclaredMethod } from './auth-methods.ts';
import { authorized } from './authorized.ts';
import type { Call } from './call.ts';
import { refusal } from './refusal.ts';
import type { Manifest, Params } from './manifest.ts';
import { at, filled, urlOf } from './paths.ts';
import { xmlOf } from './xml.ts';

export interface Reply {
  json: unknown;
  headers: HttpAnswer['headers'];
  bytes: number;
}

/** Asks one vendor for one account. Whatever is not a good answer is a `Fault` in the vendor's own terms. */
export type Ask = (call: Call) => Promise<Reply>;

export const createAsk =
  (http: HttpClient, manifest: Manifest, auth: DeclaredMethod, settings: Params, secret: SecretValues): Ask =>
  async ({ method = 'GET', base = manifest.base, path, query, ...said }) => {
    const bare = urlOf(filled(base, settings, manifest.hosts), path, query);
    const content = written(said);
    const { url, headers } = await authorized(auth.use, settings, secret, { method, url: bare, ...content });
    const answer = await http.send({
      method,
      url,
      headers: {
        accept: manifest.xml ? 'application/xml' : 'application/json',
        ...manifest.headers,
        ...headers,
        ...(content && { 'content-type': content.type }),
      },
      ...(content && { body: content.body }),
    });
    if (new URL(answer.url).origin !== new URL(url).origin || (answer.status >= 300 && answer.status < 400)) {
      throw new Fault(
        'provider_rejected',
        `${manifest.title} has moved to another address; connect it again with that one`,
      );
    }
    if (answer.status >= 400) throw refusal(answer, manifest);
    const json = answer.status === 204 ? null : parsed(answer, manifest);
    const { yes } = manifest.errors;
    if (yes && !yes.is.includes(at(json, yes.at))) throw refusal(answer, manifest);
    return { json, headers: answer.headers, bytes: answer.body.length };
  };

const parsed = (answer: HttpAnswer, { title, xml }: Manifest): unknown =>
  xml ? xmlOf(answer, title, xml) : jsonOf(answer, title);

function written({ body, form }: Pick<Call, 'body' | 'form'>): { type: string; body: string } | undefined {
  if (form) return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() };
  return body === undefined ? undefined : { type: 'application/json', body: JSON.stringify(body) };
}

/** True when the other side may have acted although we have no good answer. */
export const maybeDone = (error: unknown): boolean =>
  error instanceof Unanswered ? error.maybeProcessed : error instanceof Fault && AMBIGUOUS.has(error.code);

const AMBIGUOUS = new Set(['provider_down', 'provider_garbage']);
