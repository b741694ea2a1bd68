import type { LimitTold } from '../../ports/budgets.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonIfAny, pageOf, sentenceIfAny } from '../http/answers.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { Unanswered } from '../http/unanswered.ts';
import type { DeclaredMethod } from './auth-methods.ts';
import type { Call } from './call.ts';
import type { Manifest, Params } from './manifest.ts';
import { refusal, refuses } from './refusal.ts';
import { requestOf } from './request.ts';
import { inTurn, timeFor } from './terms.ts';
import type { Terms } from './terms.ts';
import { xmlIfAny, xmlOf } from './xml.ts';

export interface Reply {
  json: unknown;
  headers: HttpAnswer['headers'];
  /** Of the body, inflated. */
  bytes: number;
  /** The vendor's own address that was asked. */
  url: string;
}

/** Asks one vendor for one account. Whatever is not a good answer is a `Fault` in the vendor's own terms. */
export type Ask = (call: Call) => Promise<Reply>;

export const createAsk = (
  http: HttpClient,
  manifest: Manifest,
  auth: DeclaredMethod,
  settings: Params,
  secret: SecretValues,
  terms: Terms = {},
): Ask => {
  const account = { manifest, auth, settings, secret };
  return (call) =>
    inTurn(terms, call, async (told) => {
      const request = await requestOf(account, call, terms.file);
      const { signal, breakers, meter } = terms;
      const timeoutMs = timeFor(terms);
      const send = async () => {
        const answer = await http.send({ ...request, ...(timeoutMs && { timeoutMs }), ...(signal && { signal }) });
        if (meter) meter.bytes += answer.body.length;
        return readAnswer(answer, request, { manifest, told, signal });
      };
      if (meter) meter.calls += 1;
      return breakers ? breakers.through(manifest.id, new URL(request.url).host, send) : send();
    });
};

async function readAnswer(
  answer: HttpAnswer,
  { method, url }: { method: string; url: string },
  {
    manifest,
    told,
    signal,
  }: { manifest: Manifest; told: (limits: LimitTold[]) => void; signal?: AbortSignal | undefined },
): Promise<Reply> {
  const { status, headers, body } = answer;
  if (
    (answer.url !== url && new URL(answer.url).origin !== new URL(url).origin) ||
    (status >= 300 && status < 400 && status !== 304)
  ) {
    throw new Fault(
      'provider_rejected',
      `${manifest.title} has moved to another address; connect it again with that one`,
    );
  }
  const tell = (json: unknown) => told(manifest.tells?.({ headers, json }) ?? []);
  if (status >= 400) {
    const json = manifest.xml ? xmlIfAny(answer, manifest.xml) : (jsonIfAny(answer) ?? sentenceIfAny(answer));
    tell(json);
    throw refusal(answer, json, manifest);
  }
  const empty = status === 204 || status === 304 || (body.length === 0 && method !== 'GET');
  const json = empty ? null : await parsed(answer, manifest, signal);
  tell(json);
  if (!empty && refuses(json, manifest.errors)) throw refusal(answer, json, manifest);
  return { json, headers, bytes: body.length, url };
}

const parsed = async (answer: HttpAnswer, { title, xml }: Manifest, signal?: AbortSignal): Promise<unknown> =>
  xml ? xmlOf(answer, title, xml) : pageOf(answer, title, signal);

/** True when the other side may have acted although we have no good answer. */
export const maybeDone = (error: unknown): boolean =>
  error instanceof Unanswered ? error.maybeProcessed : error instanceof Fault && AMBIGUOUS.has(error.code);

const AMBIGUOUS = new Set(['provider_down', 'provider_garbage']);
