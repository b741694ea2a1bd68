import { randomBytes } from 'node:crypto';
import { json, route, router, type Call, type Handler, type Reply } from '../http.ts';
import { createOAuthControl } from '../oauth/control.ts';
import type { Grant, Minted } from '../oauth/grants.ts';
import { createIssuer } from '../oauth/issuer.ts';
import { readRequest } from '../oauth1/request.ts';
import { createThreeLegged } from '../oauth1/three-legged.ts';
import type { Origin } from '../world.ts';
import type { OAuthVendor } from './oauth-vendor.ts';

const ACCOUNTS = [
  { id: '6a26eb9ccef85b4074040001', name: 'Mara Kornblum', username: 'marakornblum' },
  { id: '6a26eb9ccef85b4074040002', name: 'Iker Ferro', username: 'ikerferro' },
];
const SCOPES = ['read', 'write', 'account'];
const DAY_SECONDS = 86_400;
/** What the authorize URL may choose; thirty days unless it does. */
const LIVES: Record<string, number | null> = {
  '1hour': 3600,
  '1day': DAY_SECONDS,
  '30days': 30 * DAY_SECONDS,
  never: null,
};

/** A key and token as a person pastes them: the app's key and this. */
const STATIC_TOKEN = 'ATTAemulated';

export function createTrello(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'trello',
    tokens: { lifetimeSeconds: null, refresh: 'none', spell: () => `ATTA${randomBytes(36).toString('hex')}` },
    codes: { pkce: 'none', redirectUriAtSwap: 'if-sent' },
    clientAuth: ['body'],
  });
  const { grants, clients } = issuer;
  grants.adopt(STATIC_TOKEN, { account: ACCOUNTS[0]?.id ?? '', scopes: SCOPES });

  const flow = createThreeLegged(issuer, {
    title: 'Trello',
    method: 'HMAC-SHA1',
    accounts: ACCOUNTS,
    asked: (params) => ({
      scopes: (params.get('scope') ?? 'read').split(',').filter((scope) => SCOPES.includes(scope)),
      lifetimeSeconds: LIVES[params.get('expiration') ?? '30days'] ?? null,
    }),
    refused: (problem) => text(problem === 'consumer_key_rejected' ? 'invalid key' : problem.replaceAll('_', ' ')),
  });

  /** Key and token are enough; a signature that is sent all the same has to be right. */
  const tokenOf = (call: Call): string | Reply => {
    const { protocol } = readRequest(call);
    const key = protocol['oauth_consumer_key'] ?? call.query.get('key');
    const token = protocol['oauth_token'] ?? call.query.get('token') ?? '';
    if (!clients.knows(key)) return text('invalid key');
    if (!protocol['oauth_signature']) return token;
    const request = flow.guard(call, () => {
      const verdict = grants.judge(token);
      return verdict.state === 'unknown' ? undefined : verdict.grant.context['tokenSecret'];
    });
    return typeof request === 'string' ? text(request.replaceAll('_', ' ')) : token;
  };
  const asCaller =
    (answer: (grant: Grant, ...params: string[]) => Reply): Handler =>
    (call, ...params) => {
      const token = tokenOf(call);
      if (typeof token !== 'string') return token;
      const verdict = grants.judge(token);
      if (verdict.state === 'live') return answer(verdict.grant, ...params);
      return text(verdict.state === 'expired' ? 'expired token' : 'invalid token');
    };
  const me = asCaller(({ account, scopes }) => {
    const { id, name, username } = ACCOUNTS.find((one) => one.id === account) ?? {
      id: account,
      name: '',
      username: '',
    };
    if (!scopes.includes('read')) return text('unauthorized permission requested');
    return json(200, { id, username, fullName: name });
  });
  const remove = asCaller((_grant, token = '') => {
    if (!grants.revoke(token)) return text('The requested resource was not found.', 404);
    return json(200, { _value: null });
  });
  const answer = ({ accessToken, grant }: Minted) => ({
    oauth_token: accessToken,
    oauth_token_secret: grant.context['tokenSecret'],
  });

  return {
    handle: router(
      [
        ...['GET', 'POST'].flatMap((method) => [
          route(method, '/1/OAuthGetRequestToken', flow.temporary),
          route(method, '/1/OAuthGetAccessToken', flow.access),
        ]),
        route('GET', '/1/OAuthAuthorizeToken', flow.show),
        route('POST', '/1/OAuthAuthorizeToken', flow.decide),
        route('GET', '/1/members/me', me),
        route('DELETE', '/1/tokens/:token', remove),
      ],
      () => text('The requested resource was not found.', 404),
    ),
    oauth: createOAuthControl(issuer, {
      accounts: ACCOUNTS,
      scopes: SCOPES,
      context: () => ({ tokenSecret: randomBytes(32).toString('hex') }),
      answer,
    }),
    now: issuer.clock.now,
  };
}

/** Errors are plain text. */
const text = (sentence: string, status = 401): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: sentence,
});
