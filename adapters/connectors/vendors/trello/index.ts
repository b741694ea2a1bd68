import { z } from 'zod';
import type { Use } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { clean } from '../../plain-text.ts';
import { actions, boards, lists } from './boards.ts';
import { cards } from './cards.ts';
import { members } from './members.ts';

/** Calls are not signed: key and token are named in the header, and never in a URL, which proxies write down. */
const KEY_AND_TOKEN: Use = {
  in: 'header',
  name: 'authorization',
  template: 'OAuth oauth_consumer_key="{consumer_key}", oauth_token="{oauth_token}"',
};

export const trello = defineConnector({
  id: 'trello',
  title: 'Trello',
  category: 'tasks',
  docs: 'https://developer.atlassian.com/cloud/trello/rest/',
  notes: [
    'What changed cannot be asked for: boards, lists and cards are read whole, and webhooks tell in between.',
    'A webhook belongs to the token that made it and vanishes with it without a word: make it again after you connect again.',
    'Deleting a card or a board is final; to put one away, change it to closed.',
    'A thing that is made may be there twice if an answer is lost: Trello knows no key that would tell, so people are asked.',
    'All calls with one key share 300 in 10 s, and who is asked for under /members only 100 in 15 minutes.',
    'Not confirmed by a source: the sentences of lapsed tokens, when failing webhooks are switched off. OAuth 2.0 of this year is not used yet.',
  ],
  auth: [
    {
      id: 'oauth',
      title: 'With your Trello account',
      kind: 'oauth1',
      fields: [],
      use: KEY_AND_TOKEN,
      algorithm: 'HMAC-SHA1',
      requestTokenUrl: 'https://trello.com/1/OAuthGetRequestToken',
      authorizeUrl: 'https://trello.com/1/OAuthAuthorizeToken',
      accessTokenUrl: 'https://trello.com/1/OAuthGetAccessToken',
      scopes: ['read', 'write', 'account'],
      scopeSeparator: ',',
      // Without it a token dies after thirty days, and nothing renews it.
      extraAuthorize: { name: 'BizOSaaS', expiration: 'never' },
      revoke: { how: 'call', method: 'DELETE', url: 'https://api.trello.com/1/tokens/{oauth_token}' },
    },
    {
      id: 'token',
      title: 'With a key and a token of your own',
      kind: 'api_key',
      fields: [
        {
          name: 'consumer_key',
          title: 'API key',
          secret: true,
          kind: 'text',
          help: 'Of your Power-Up at trello.com/power-ups/admin',
        },
        { name: 'oauth_token', title: 'Token', secret: true, kind: 'text', help: 'Made with that key, beside it' },
      ],
      use: KEY_AND_TOKEN,
    },
  ],
  base: 'https://api.trello.com/1',
  verify: {
    path: '/members/me',
    query: { fields: 'id,username,fullName' },
    account: z
      .object({ id: z.string().min(1), username: z.string(), fullName: z.string().nullish() })
      .transform(({ id, username, fullName }) => ({
        accountId: id,
        accountName: clean(fullName ? `${fullName} (${username})` : username),
        settings: {},
      })),
  },
  errors: {
    // Often a plain sentence and nothing else.
    code: ['error', ''],
    rules: [
      {
        status: 401,
        is: ['unauthorized permission requested'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      { status: 400, is: ['invalid id'], fault: 'not_found', message: 'there is nothing under this id' },
    ],
  },
  limits: [
    { name: 'token', scope: 'connection', units: 100, perSeconds: 10 },
    { name: 'key', scope: 'app', units: 300, perSeconds: 10 },
    { name: 'members', scope: 'connection', units: 100, perSeconds: 900 },
  ],
  narrow: ['members'],
  tells: ({ headers }) =>
    ['token', 'key'].flatMap((limit) => {
      const told = (name: string) => Number(headers.get(`x-rate-limit-api-${limit}-${name}`) ?? Number.NaN);
      const [units, remaining, resetMs] = [told('max'), told('remaining'), told('interval-ms')];
      return Number.isNaN(units + remaining + resetMs) ? [] : [{ limit, units, remaining, resetMs }];
    }),
  webhooks: {
    signature: {
      scheme: 'hmac',
      header: 'x-trello-webhook',
      algorithm: 'sha1',
      encoding: 'base64',
      signed: '{body}{url}',
    },
    secret: 'app',
    handshake: 'head',
    id: { at: 'action.id' },
    type: { at: 'action.type' },
    at: { at: 'action.date' },
    record: { at: 'action.data.card.id' },
    events: {
      createCard: ['cards', 'actions'],
      updateCard: ['cards', 'actions'],
      deleteCard: ['cards', 'actions'],
      commentCard: ['actions'],
      addMemberToCard: ['cards'],
      removeMemberFromCard: ['cards'],
      addAttachmentToCard: ['cards'],
      createList: ['lists'],
      updateList: ['lists'],
      updateBoard: ['boards'],
      addMemberToBoard: ['members'],
    },
    deletes: ['deleteCard'],
    setUp:
      'With key and token, POST https://api.trello.com/1/webhooks/ with this URL as callbackURL, to the letter, and the id of a board as idModel; one webhook a board.',
  },
  streams: { boards, lists, cards, actions, members },
});
