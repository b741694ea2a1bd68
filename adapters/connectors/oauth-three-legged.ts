import type { TokenSet } from '../../ports/oauth.ts';
import { Fault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { statusFault, textOf } from '../http/answers.ts';
import type { HttpClient } from '../http/client.ts';
import type { App } from './apps.ts';
import type { OAuth1Method, Params } from './auth-methods.ts';
import { signedHeader } from './oauth1.ts';
import { answerFault } from './oauth-token.ts';

export interface ThreeLegged {
  method: OAuth1Method;
  title: string;
  http: HttpClient;
  timeoutMs: number;
  app: Pick<App, 'clientId' | 'clientSecret'>;
}

interface Token {
  key: string;
  secret: string;
}

/** Asks for a request token, and sends the person to consent to it (RFC 5849 §2.1, §2.2). */
export async function beginThreeLegged(
  flow: ThreeLegged,
  redirectUri: string,
  state: string,
  scopes: string[],
): Promise<{ url: string; proof: SecretValues }> {
  const { method, http } = flow;
  // The protocol has no `state` of its own: it travels in the address to come back to.
  const back = new URL(redirectUri);
  back.searchParams.set('state', state);
  const token = await signed(flow, method.requestTokenUrl, { oauth_callback: back.href }, undefined, 'client_broken');
  const url = new URL(http.rewrite(method.authorizeUrl));
  const asked = { oauth_token: token.key, scope: scopes.join(method.scopeSeparator), ...method.extraAuthorize };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return { url: url.href, proof: { request_token: token.key, request_secret: token.secret } };
}

/** Trades the consented request token for the one that calls are made with (§2.3). */
export async function completeThreeLegged(flow: ThreeLegged, answer: Params, proof: SecretValues): Promise<TokenSet> {
  const { method, app, title } = flow;
  const { oauth_token: key, oauth_verifier: verifier } = answer;
  const { request_token: begun, request_secret: secret = '' } = proof;
  // The protocol has no word for a refusal; this one is what vendors send.
  if (answer['denied'] !== undefined)
    throw new Fault('oauth_denied', `the consent was refused at ${title}; begin again and allow it`);
  if (!begun || key !== begun || !verifier) {
    throw new Fault('oauth_state_invalid', `the answer does not belong to what was begun at ${title}; begin again`);
  }
  const request = { key: begun, secret };
  const token = await signed(flow, method.accessTokenUrl, { oauth_verifier: verifier }, request, 'grant_revoked');
  const values = { consumer_key: app.clientId, oauth_token: token.key, oauth_token_secret: token.secret };
  return { values, expiresAt: null, settings: {}, scopes: null };
}

/** One signed request for a token. `refused`: what a 4xx means at this step. */
async function signed(
  { app, title, http, timeoutMs, method: { algorithm } }: ThreeLegged,
  url: string,
  params: Params,
  token: Token | undefined,
  refused: FaultCode,
): Promise<Token> {
  const consumer = { key: app.clientId, secret: app.clientSecret };
  const authorization = signedHeader({ algorithm, consumer, ...(token && { token }), method: 'POST', url, params });
  try {
    const answer = await http.send({ method: 'POST', url, headers: { authorization }, timeoutMs });
    const common = statusFault(answer, title);
    if (common) throw common;
    if (answer.status >= 400) {
      const message =
        refused === 'client_broken'
          ? `${title} refuses our application (status ${answer.status}); its key or secret is wrong here`
          : `${title} does not take this consent (status ${answer.status}); begin again`;
      throw new Fault(refused, message);
    }
    const form = new URLSearchParams(textOf(answer).trim());
    const [key, secret] = [form.get('oauth_token'), form.get('oauth_token_secret')];
    if (answer.status === 200 && key && secret) return { key, secret };
    throw new Fault('provider_garbage', `${title} answered with something that is not a token`);
  } catch (error) {
    throw answerFault(error, title);
  }
}
