import * as oauth from 'oauth4webapi';
import type { TokenSet } from '../../ports/oauth.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonOf, statusFault } from '../http/answers.ts';
import type { App } from './apps.ts';
import type { CodeMethod, Params } from './auth-methods.ts';
import { settingsOf } from './oauth-answer.ts';
import { readCallback } from './oauth-callback.ts';
import { answerFault, askTokens } from './oauth-token.ts';
import type { Server } from './oauth-token.ts';
import { filled } from './paths.ts';

export interface CodeFlow {
  method: CodeMethod;
  server: Server;
  app: App;
  settings: Params;
  redirectUri: string;
}

/** The consent page's URL and the PKCE verifier whose hash it carries. A new verifier for each, and never `plain`. */
export async function beginCode(
  { method, server, app, settings, redirectUri }: CodeFlow,
  state: string,
): Promise<{ url: string; proof: SecretValues }> {
  const { pkce, scopeSeparator, extraAuthorize = {}, authorize: { names = {}, omit = [] } = {} } = method;
  const verifier = oauth.generateRandomCodeVerifier();
  const params: Params = {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: redirectUri,
    scope: (app.scopes ?? method.scopes).join(scopeSeparator),
    state,
    ...(pkce === 'S256' && {
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
    ...extraAuthorize,
  };
  const url = new URL(server.http.rewrite(filled(method.authorizeUrl, settings, server.hosts)));
  for (const [name, value] of Object.entries(params)) {
    if (!omit.includes(name) && value !== '') url.searchParams.set(names[name] ?? name, value);
  }
  return { url: url.href, proof: pkce === 'S256' ? { verifier } : {} };
}

/** Trades the redirect's code for tokens, and these for what else is needed to use them. */
export async function completeCode(
  { method, server: given, app, settings: before, redirectUri }: CodeFlow,
  answer: Params,
  proof: SecretValues,
): Promise<TokenSet> {
  const { title, hosts } = given;
  const callback = { method, title, settings: before, hosts, app, tokenUrl: given.tokenUrl, nowMs: Date.now() };
  const { parameters, settings } = readCallback(callback, answer);
  const server = { ...given, tokenUrl: filled(method.tokenUrl, settings, hosts) };
  const verifier = method.pkce === 'S256' ? proof['verifier'] : oauth.nopkce;
  if (!verifier)
    throw new Fault('oauth_state_invalid', 'the proof of who began this authorization is gone; begin again');
  const first = await askTokens(server, {}, (as, client, options) =>
    oauth.authorizationCodeGrantRequest(as, client, server.auth, parameters, redirectUri, verifier, options),
  );
  const tokens = method.exchange ? await exchanged(method, server, app, first.values) : first;
  const found = { ...changed(before, settings), ...tokens.settings };
  return { ...tokens, settings: { ...found, ...(await afterToken(method, server, tokens.values)) } };
}

const changed = (before: Params, after: Params): Params =>
  Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));

/** A short-lived token becomes a long-lived one, and a living long-lived one the next. */
export async function exchanged(
  { exchange }: CodeMethod,
  server: Server,
  app: App,
  current: SecretValues,
): Promise<TokenSet> {
  const token = current['access_token'];
  if (!exchange || !token) throw new Fault('grant_revoked', `no token is stored for ${server.title}; connect it again`);
  const url = new URL(exchange.url);
  url.search = new URLSearchParams({
    grant_type: exchange.grantType,
    client_id: app.clientId,
    client_secret: app.clientSecret,
    [exchange.tokenParam]: token,
  }).toString();
  return askTokens(server, current, async (_as, _client, options) => {
    const fetch = options[oauth.customFetch];
    if (!fetch) throw new Error('no fetch');
    return fetch(url.href, { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual' } as never);
  });
}

async function afterToken({ afterToken: call }: CodeMethod, server: Server, token: SecretValues): Promise<Params> {
  if (!call) return {};
  const { http, title, hosts, timeoutMs } = server;
  const headers = { accept: 'application/json', [call.header]: filled(call.template, token) };
  try {
    const answer = await http.send({ method: 'GET', url: call.url, headers, timeoutMs });
    if (answer.status !== 200) {
      throw (
        statusFault(answer, title) ??
        new Fault('provider_garbage', `${title} does not say where the account lives (status ${answer.status})`)
      );
    }
    const found = settingsOf(jsonOf(answer, title), call.keep, title, hosts);
    const lacking = Object.keys(call.keep).find((name) => found[name] === undefined && hosts[name]);
    if (lacking === undefined) return found;
    throw new Fault('provider_garbage', `${title} does not say where the account lives (${lacking})`);
  } catch (error) {
    throw answerFault(error, title);
  }
}
