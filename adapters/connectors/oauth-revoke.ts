import * as oauth from 'oauth4webapi';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonIfAny, jsonOf } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';
import { httpFetch } from '../http/fetch.ts';
import type { DeclaredMethod, Params, Revocation } from './auth-methods.ts';
import { authorized } from './authorized.ts';
import { tokenRefusal } from './oauth-refusal.ts';
import type { Server } from './oauth-token.ts';
import { at, filled } from './paths.ts';

type Call = Extract<Revocation, { how: 'call' }>;
type Standard = Extract<Revocation, { how: 'rfc7009' }>;

export interface Revoking {
  method: DeclaredMethod;
  server: Server;
  settings: Params;
  /** What the request may name beside the credential: our client id and secret. */
  app: Params;
}

/** Ends the grant at the vendor. A token that it no longer knows counts as ended. */
export async function revokeStandard({ url, token }: Standard, { server, settings }: Revoking, current: SecretValues) {
  // An imported grant may have no refresh token.
  const hint = current[token] ? token : 'access_token';
  const value = current[hint];
  if (!value) return;
  const { http, title, timeoutMs, hosts } = server;
  const as = { issuer: new URL(server.tokenUrl).origin, revocation_endpoint: filled(url, settings, hosts) };
  const fetch = httpFetch(http, timeoutMs, (answer) => {
    if (answer.status < 400 || says(answer, 'invalid_token') || says(answer, 'invalid_grant'))
      return { ...answer, status: 200, body: Buffer.alloc(0) };
    throw tokenRefusal(answer, server);
  });
  const request = { [oauth.customFetch]: fetch, additionalParameters: { token_type_hint: hint } };
  await oauth
    .revocationRequest(as, { client_id: server.clientId }, server.auth, value, request)
    .catch(onlyFaults(title));
}

/** `unknown`: it does not know this token, which may have lapsed or been revoked. */
export async function revokeByCall(
  call: Call,
  revoking: Revoking,
  current: SecretValues,
): Promise<'revoked' | 'unknown'> {
  const { method, server, settings, app } = revoking;
  const { http, title, timeoutMs, hosts } = server;
  const values = { ...settings, ...app, ...current };
  const bare = filled(call.url, values, hosts);
  const { url, headers } = await authorized(method.use, settings, current, { method: call.method, url: bare });
  const json = Object.entries(call.json ?? {}).map(([name, template]) => [name, filled(template, values)]);
  const answer = await http.send({
    method: call.method,
    url,
    headers: { accept: 'application/json', ...headers, ...(call.json && { 'content-type': 'application/json' }) },
    ...(call.json && { body: JSON.stringify(Object.fromEntries(json)) }),
    timeoutMs,
  });
  if ([401, 404, 410].includes(answer.status)) return 'unknown';
  const body = answer.status < 300 && call.yes ? jsonOf(answer, title) : jsonIfAny(answer);
  if (call.gone?.includes(at(body, call.code ?? 'error'))) return 'unknown';
  if (answer.status >= 300 || (call.yes && !call.yes.is.includes(at(body, call.yes.at)))) {
    throw tokenRefusal(answer, server);
  }
  return 'revoked';
}

const says = (answer: HttpAnswer, code: string): boolean => at(jsonIfAny(answer), 'error') === code;

const onlyFaults = (title: string) => (error: unknown) => {
  if (error instanceof Fault) throw error;
  throw new Fault('provider_garbage', `${title} answered a revocation with what we do not understand`);
};
