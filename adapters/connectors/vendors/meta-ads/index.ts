import { z } from 'zod';
import { BEARER } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import type { ReadEvent } from '../../webhooks.ts';
import { insights } from './insights.ts';
import { accounts, ads, adsets, campaigns } from './streams.ts';
import { tells } from './usage.ts';

const VERSION = 'v25.0';
const GRAPH = `https://graph.facebook.com/${VERSION}`;
const LIMITED = [4, 17, 32, 613, ...Array.from({ length: 15 }, (_, index) => 80_000 + index)];

export const metaAds = defineConnector({
  id: 'meta-ads',
  title: 'Meta Ads',
  category: 'ads',
  docs: 'https://developers.facebook.com/docs/marketing-apis',
  notes: [
    'There is no refresh token: a living long one is traded for the next; when one has died after 60 days, people connect again. A system user’s token is best for work at night.',
    'An app of its own sees other people’s accounts only after App Review and business verification.',
    'Budgets are whole numbers of the smallest unit of the account’s currency; what was spent is in major units.',
    'What is deleted or archived is left out of lists. Insights of the last 28 days are read again each time.',
    'Meta’s documents leave open the end of this version (v25.0), the largest page and the status of an expired token; the header of the insights limit is not confirmed.',
    'Apps that demand appsecret_proof are not supported.',
  ],
  auth: [
    {
      id: 'oauth',
      title: 'With your Facebook account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: `https://www.facebook.com/${VERSION}/dialog/oauth`,
      tokenUrl: `${GRAPH}/oauth/access_token`,
      scopes: ['ads_read', 'ads_management', 'business_management'],
      scopeSeparator: ',',
      pkce: 'S256',
      clientAuth: 'body',
      tokenLifetimeS: 5_184_000,
      exchange: {
        url: `${GRAPH}/oauth/access_token`,
        grantType: 'fb_exchange_token',
        tokenParam: 'fb_exchange_token',
      },
      refusals: {
        at: 'error.code',
        codes: {
          100: 'grant_revoked',
          102: 'grant_revoked',
          190: 'grant_revoked',
          1: 'client_broken',
          101: 'client_broken',
          2: 'provider_down',
          ...Object.fromEntries(LIMITED.map((code) => [code, 'provider_rate_limited' as const])),
        },
      },
      revoke: {
        how: 'call',
        method: 'DELETE',
        url: `${GRAPH}/{accountId}/permissions`,
        code: 'error.code',
        gone: [190, 102],
      },
    },
    {
      id: 'system_user',
      title: 'With a system user’s token',
      kind: 'api_key',
      fields: [
        {
          name: 'access_token',
          title: 'System user token',
          secret: true,
          kind: 'text',
          help: 'Business settings → System users → Generate token, with ads_read',
        },
      ],
      use: BEARER,
    },
  ],
  base: GRAPH,
  verify: {
    path: '/me',
    query: { fields: 'id,name' },
    account: z.object({ id: z.string().min(1), name: z.string() }).transform(({ id, name }) => ({
      accountId: id,
      accountName: clean(name),
      settings: {},
    })),
  },
  errors: {
    code: 'error.code',
    // Meta tells by its code; the statuses vary.
    rules: [
      { is: [190, 102], fault: 'credential_rejected', message: 'does not take this token any more; connect it again' },
      { is: LIMITED, fault: 'provider_rate_limited', message: 'asks us to slow down' },
      // Also of a report that is too big: a narrower time works.
      { is: [1, 2], fault: 'provider_down', message: 'is not working now, or was asked for too much at once' },
      {
        is: [10, ...Array.from({ length: 100 }, (_, index) => 200 + index)],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      {
        status: 400,
        at: 'error.error_subcode',
        is: [33],
        fault: 'not_found',
        message: 'has nothing under this id, or does not show it to this account',
      },
    ],
  },
  // Of an app for each of its users. What an ad account allows besides grows with its active ads, and its headers tell.
  limits: [{ name: 'user_hour', scope: 'connection', units: 200, perSeconds: 3600 }],
  tells,
  webhooks: {
    signature: {
      scheme: 'hmac',
      header: 'x-hub-signature-256',
      algorithm: 'sha256',
      encoding: 'hex',
      signed: '{body}',
      prefix: 'sha256=',
    },
    secret: 'app',
    handshake: 'meta',
    read: eventsOf,
    events: {
      'ad_account.with_issues_ad_objects': ['campaigns', 'adsets', 'ads'],
      'ad_account.in_process_ad_objects': ['campaigns', 'adsets', 'ads'],
      'page.leadgen': [],
    },
    setUp:
      'Your app at developers.facebook.com → Webhooks → Ad account: give our URL and the verify token that we show, and subscribe to with_issues_ad_objects and in_process_ad_objects',
  },
  streams: { accounts, campaigns, adsets, ads, insights },
});

/** One delivery has entries, each with changes; what is signed has no id of its own. */
function eventsOf(json: unknown): ReadEvent[] {
  const kind = String(at(json, 'object'));
  return listAt(json, 'entry').flatMap((entry) => {
    const [account, time] = [at(entry, 'id'), at(entry, 'time')];
    const about = typeof account === 'string' ? { account } : {};
    const when = typeof time === 'number' ? { at: time } : {};
    return listAt(entry, 'changes').map((one) => ({ type: `${kind}.${String(at(one, 'field'))}`, ...about, ...when }));
  });
}
