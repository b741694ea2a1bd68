import { randomBytes } from 'node:crypto';
import { formBody, json, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Grant, Minted } from '../../oauth/grants.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import type { Reason } from '../../oauth/refusal.ts';
import type { Origin } from '../../world.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { failed } from './answers.ts';
import { deliveryOf, handshakeOf } from './events.ts';
import { answerOf, createMethods } from './methods.ts';
import { createWorkspace } from './workspace.ts';

const ACCOUNTS = [
  { id: 'T012AB3C4', name: 'Kornblume Bakery', domain: 'kornblume' },
  { id: 'T098ZY7X6', name: 'Ferro SL', domain: 'ferro' },
];
const SCOPES = [
  ...['channels:read', 'channels:history', 'groups:read', 'groups:history', 'users:read', 'users:read.email'],
  ...['chat:write', 'team:read', 'files:read', 'files:write', 'incoming-webhook', 'channels:join', 'channels:manage'],
];
const USER = 'U012AB3CDE';
const BOT_USER = 'U0KRQLJ9H';

/** A bot token of an internal app of the first workspace. */
const BOT_TOKEN = 'xoxb-emulated';

const WORDS: Partial<Record<Reason, string>> = {
  request: 'invalid_arguments',
  client_unknown: 'invalid_client_id',
  client_disabled: 'invalid_client_id',
  client_secret: 'bad_client_secret',
  code_used: 'code_already_used',
  redirect_mismatch: 'bad_redirect_uri',
  grant_type_unknown: 'invalid_grant_type',
};

const wordFor = (reason: Reason): string =>
  WORDS[reason] ?? (reason.startsWith('refresh_') ? 'invalid_refresh_token' : 'invalid_code');

/** With token rotation on, as an app has it for ever once it was switched on. Every answer has status 200. */
export function createSlack(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'slack',
    tokens: {
      lifetimeSeconds: 43_200,
      refresh: 'rotating',
      spell: (kind) => (kind === 'access' ? 'xoxe.xoxb-1-' : 'xoxe-1-') + randomBytes(48).toString('base64url'),
    },
    codes: { pkce: 'optional', redirectUriAtSwap: 'if-sent', codeLifeSeconds: 600 },
    clientAuth: ['basic', 'body'],
  });
  const { grants } = issuer;
  grants.adopt(BOT_TOKEN, { account: ACCOUNTS[0]?.id ?? '', scopes: SCOPES });

  const consent = createConsent(issuer, {
    title: 'Slack',
    accounts: () => ACCOUNTS,
    scopes: SCOPES,
    context: (_account, { query }) => ({ userScope: query.get('user_scope') ?? '' }),
  });
  const tokens = (minted: Minted) => {
    const { accessToken, refreshToken, expiresIn, grant } = minted;
    const team = ACCOUNTS.find(({ id }) => id === grant.account);
    return {
      ok: true,
      app_id: 'A012EMULATED',
      authed_user: { id: USER },
      scope: grant.scopes.join(','),
      token_type: 'bot',
      access_token: accessToken,
      bot_user_id: BOT_USER,
      team: { id: team?.id, name: team?.name },
      enterprise: null,
      is_enterprise_install: false,
      expires_in: expiresIn,
      refresh_token: refreshToken,
    };
  };
  /** The person's own token is a grant beside the bot's, told in the same answer. */
  const withUser = (minted: Minted, grantType: string) => {
    const { userScope = '' } = minted.grant.context;
    if (grantType !== 'authorization_code' || userScope === '') return tokens(minted);
    const scopes = userScope.split(',');
    const user = grants.open({ account: minted.grant.account, scopes, context: { user: USER } });
    const told = { access_token: user.accessToken, refresh_token: user.refreshToken, expires_in: user.expiresIn };
    return { ...tokens(minted), authed_user: { id: USER, scope: userScope, token_type: 'user', ...told } };
  };
  const endpoints = createEndpoints(issuer, {
    tokens: withUser,
    refused: ({ reason }) => failed(wordFor(reason)),
    defaultGrantType: (params) => (params.has('code') ? 'authorization_code' : undefined),
  });

  const { now } = issuer.clock;
  const work = createWorkspace(now);
  const limiter = createLimiter(now);
  const method = answerOf(createMethods(work, now));

  const asCaller =
    (answer: (grant: Grant, call: Call, name: string) => Reply): Handler =>
    (call, name = '') => {
      const token = tokenIn(call, 'Bearer') ?? tokenParam(call);
      if (!token) return failed('not_authed');
      const verdict = grants.judge(token);
      if (verdict.state === 'live') return answer(verdict.grant, call, name);
      if (verdict.state === 'unknown') return failed('invalid_auth');
      return failed(verdict.state === 'expired' ? 'token_expired' : 'token_revoked');
    };
  const test = asCaller(({ account, context }) => {
    const team = ACCOUNTS.find(({ id }) => id === account);
    const whose = context['user']
      ? { user: 'owner', user_id: USER }
      : { user: 'bot', user_id: BOT_USER, bot_id: 'B01' };
    const url = `https://${team?.domain ?? ''}.slack.com/`;
    return json(200, { ok: true, url, team: team?.name, team_id: account, ...whose, is_enterprise_install: false });
  });
  const revoke = asCaller((grant) => {
    grants.end(grant);
    return json(200, { ok: true, revoked: true });
  });

  const api = asCaller((grant, call, name) => {
    const taken = limiter.take();
    if (taken?.ok === false) {
      const wait = { 'retry-after': String(Math.ceil(taken.resetMs / 1000)) };
      return json(429, { ok: false, error: 'ratelimited' }, wait);
    }
    return method(name, grant.scopes, call) ?? unknownMethod(name);
  });

  return {
    handle: router(
      [
        route('GET', '/oauth/v2/authorize', consent.show),
        route('POST', '/oauth/v2/authorize', consent.decide),
        route('POST', '/api/oauth.v2.access', endpoints.token),
        ...['GET', 'POST'].flatMap((verb) => [
          route(verb, '/api/auth.test', test),
          route(verb, '/api/auth.revoke', revoke),
          route(verb, '/api/:name', api),
        ]),
      ],
      ({ path }) => unknownMethod(path.replace('/api/', '')),
    ),
    oauth: createOAuthControl(issuer, { accounts: ACCOUNTS, scopes: SCOPES, answer: tokens }),
    now,
    records: {
      collections: {
        channels: work.channels.control,
        messages: work.messages.control,
        users: work.users.control,
        files: work.files.control,
      },
      limiter: limiter.control,
      delivery: deliveryOf(work, ACCOUNTS[0]?.id ?? '', now),
      handshake: handshakeOf(now),
    },
  };
}

const unknownMethod = (name: string): Reply => json(404, { ok: false, error: 'unknown_method', req_method: name });

const tokenParam = (call: Call): string | undefined =>
  formBody(call).get('token') ?? call.query.get('token') ?? undefined;
