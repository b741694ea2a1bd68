import { randomBytes } from 'node:crypto';
import { json, route, router, type Call, type Handler, type Reply, type Route } from '../../http.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import type { Minted } from '../../oauth/grants.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import { readRequest } from '../../oauth1/request.ts';
import { createThreeLegged } from '../../oauth1/three-legged.ts';
import type { Origin } from '../../world.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { delivered, handshake } from './delivery.ts';
import { getOne, listActions, listBoards, listCards, listLists, listMembers } from './reads.ts';
import { openAccount, type Account } from './store.ts';
import { absent, text } from './text.ts';
import * as write from './writes.ts';

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
  const books = new Map<string, Account>();
  const booksOf = (account: string): Account => {
    const found = books.get(account) ?? openAccount(issuer.clock.now);
    books.set(account, found);
    return found;
  };
  const first = booksOf(ACCOUNTS[0]?.id ?? '');

  const asCaller =
    (scope: string, answer: (account: string, call: Call, ...params: string[]) => Reply): Handler =>
    (call, ...params) => {
      const token = tokenOf(call);
      if (typeof token !== 'string') return token;
      const verdict = grants.judge(token);
      if (verdict.state !== 'live') return text(verdict.state === 'expired' ? 'expired token' : 'invalid token');
      const { account, scopes } = verdict.grant;
      if (!scopes.includes(scope)) return text('unauthorized permission requested');
      const left = booksOf(account).limiter.take();
      const reply = left?.ok === false ? THROTTLED : answer(account, call, ...params);
      return left ? { ...reply, headers: { ...reply.headers, ...told(left) } } : reply;
    };
  const on = (
    method: string,
    path: string,
    act: (account: Account, call: Call, id: string, second: string) => Reply,
  ): Route =>
    route(
      method,
      path,
      asCaller(method === 'GET' ? 'read' : 'write', (account, call, id = '', second = '') =>
        act(booksOf(account), call, id, second),
      ),
    );
  const me = asCaller('read', (account) => {
    const { id, name, username } = ACCOUNTS.find((one) => one.id === account) ?? {
      id: account,
      name: '',
      username: '',
    };
    return json(200, { id, username, fullName: name });
  });
  const remove: Handler = (call, token = '') => {
    const asking = tokenOf(call);
    if (typeof asking !== 'string') return asking;
    if (grants.judge(asking).state !== 'live') return text('invalid token');
    return grants.revoke(token) ? json(200, { _value: null }) : absent();
  };
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
        on('GET', '/1/members/me/boards', listBoards),
        on('GET', '/1/members/:id', getOne('members')),
        on('POST', '/1/boards', write.createBoard),
        on('GET', '/1/boards/:id', getOne('boards')),
        on('PUT', '/1/boards/:id', write.updateBoard),
        on('DELETE', '/1/boards/:id', write.deleteBoard),
        on('GET', '/1/boards/:id/lists', listLists),
        on('GET', '/1/boards/:id/cards', listCards),
        on('GET', '/1/boards/:id/actions', listActions),
        on('GET', '/1/boards/:id/members', listMembers),
        on('PUT', '/1/boards/:id/members/:member', write.updateMember),
        on('DELETE', '/1/boards/:id/members/:member', write.deleteMember),
        on('POST', '/1/lists', write.createList),
        on('GET', '/1/lists/:id', getOne('lists')),
        on('PUT', '/1/lists/:id', write.updateList),
        on('PUT', '/1/lists/:id/closed', write.closeList),
        on('POST', '/1/cards', write.createCard),
        on('GET', '/1/cards/:id', getOne('cards')),
        on('PUT', '/1/cards/:id', write.updateCard),
        on('DELETE', '/1/cards/:id', write.deleteCard),
        on('POST', '/1/cards/:id/actions/comments', write.createComment),
        on('GET', '/1/actions/:id', getOne('actions')),
        on('PUT', '/1/actions/:id', write.updateComment),
        on('DELETE', '/1/actions/:id', write.deleteComment),
        route('DELETE', '/1/tokens/:token', remove),
      ],
      absent,
    ),
    oauth: createOAuthControl(issuer, {
      accounts: ACCOUNTS,
      scopes: SCOPES,
      context: () => ({ tokenSecret: randomBytes(32).toString('hex') }),
      answer,
    }),
    now: issuer.clock.now,
    records: {
      collections: {
        boards: first.boards.control,
        lists: first.lists.control,
        cards: first.cards.control,
        actions: first.actions.control,
        members: first.members.control,
      },
      limiter: first.limiter.control,
      delivery: (ask) => delivered(issuer.clock.now, ask),
      handshake,
    },
  };
}

const INTERVAL_MS = 10_000;
const THROTTLED = json(429, { error: 'API_TOKEN_LIMIT_EXCEEDED', message: 'Rate limit exceeded' });
const told = ({ units, remaining }: { units: number; remaining: number }): Record<string, string> => ({
  'x-rate-limit-api-token-interval-ms': String(INTERVAL_MS),
  'x-rate-limit-api-token-max': String(units),
  'x-rate-limit-api-token-remaining': String(remaining),
});
