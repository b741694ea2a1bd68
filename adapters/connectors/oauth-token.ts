import * as oauth from 'oauth4webapi';
import type { TokenSet } from '../../ports/oauth.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { httpFetch } from '../http/fetch.ts';
import type { FetchInit } from '../http/fetch.ts';
import { Unanswered } from '../http/unanswered.ts';
import type { TokenEndpoint } from './auth-methods.ts';
import { readTokenAnswer, tokenSet } from './oauth-answer.ts';
import type { TokenAnswer } from './oauth-answer.ts';
import type { Asked } from './oauth-refusal.ts';

/** One vendor's authorization server as one call meets it. */
export interface Server extends Asked {
  http: HttpClient;
  timeoutMs: number;
  hosts: Record<string, RegExp>;
  endpoint: TokenEndpoint;
  /** The endpoint's URL, its settings filled in. */
  tokenUrl: string;
  clientId: string;
  /** How the client shows who it is. */
  auth: oauth.ClientAuth;
}

export const clientAuth = (how: TokenEndpoint['clientAuth'], secret: string): oauth.ClientAuth =>
  how === 'body' ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);

export const metadata = (server: Server, issuer?: string): oauth.AuthorizationServer => ({
  issuer: issuer ?? new URL(server.tokenUrl).origin,
  token_endpoint: server.tokenUrl,
});

type Send = (
  as: oauth.AuthorizationServer,
  client: oauth.Client,
  options: oauth.TokenEndpointRequestOptions,
) => Promise<Response>;

/** One call to the token endpoint. The library's own errors carry the answer's body, so none of them is passed on. */
export async function askTokens(server: Server, current: SecretValues, send: Send): Promise<TokenSet> {
  const { http, title, endpoint, timeoutMs, hosts } = server;
  const as = metadata(server);
  const client = { client_id: server.clientId };
  const askedMs = Date.now();
  let read: TokenAnswer | undefined;
  const see = httpFetch(http, timeoutMs, (answer) => {
    read = readTokenAnswer(answer, server, hosts);
    return {
      ...answer,
      headers: new Map([['content-type', 'application/json']]),
      body: Buffer.from(JSON.stringify(read.json)),
    };
  });
  const options = {
    [oauth.customFetch]: (url: string, init: FetchInit) => see(url, bent(endpoint, init)),
  };
  try {
    const response = await send(as, client, options);
    const granted = await oauth.processGenericTokenEndpointResponse(as, client, response);
    if (!read) throw new Error('no answer was read');
    return tokenSet(granted, read, server, current, askedMs);
  } catch (error) {
    throw answerFault(error, title);
  }
}

/** What a failed token call proves: an answer that may have been lost is neither a yes nor a no. */
export function answerFault(error: unknown, title: string): Fault {
  if (error instanceof Unanswered && error.maybeProcessed) {
    return new Fault('lost_response', `${title} may have given new tokens, but its answer was lost`);
  }
  if (error instanceof Fault) return error;
  return new Fault('provider_garbage', `${title} answered with something that is not a set of tokens`);
}

/** The request in the vendor's own words. */
function bent({ request = {}, extraToken = {} }: TokenEndpoint, init: FetchInit): FetchInit {
  if (init.method === 'GET') return init;
  const form = new URLSearchParams(init.body?.toString());
  for (const [name, value] of Object.entries(extraToken)) form.set(name, value);
  const { json = false, names = {}, omit = [] } = request;
  const pairs = [...form]
    .filter(([name]) => !omit.includes(name))
    .map(([name, value]): [string, string] => [names[name] ?? name, value]);
  if (!json) return { ...init, body: new URLSearchParams(pairs) };
  const headers = { ...init.headers, 'content-type': 'application/json' };
  return { ...init, headers, body: JSON.stringify(Object.fromEntries(pairs)) };
}

export const refreshTokens = (server: Server, current: SecretValues): Promise<TokenSet> => {
  const token = current['refresh_token'];
  if (!token) {
    throw new Fault('grant_revoked', `${server.title} gave no token to renew this connection with; connect it again`);
  }
  return askTokens(server, current, (as, client, options) =>
    oauth.refreshTokenGrantRequest(as, client, server.auth, token, options),
  );
};
