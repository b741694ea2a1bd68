import type { ContractCase } from '../case.ts';

const BOARD = '6a26ebb3cd5f60a53a580001';
const LIST = '6a26ecb3cd5f60a53a580010';
const CARD = '6a26f2fdbc520ab9f45a0001';

export const trello: ContractCase = {
  connector: 'trello',
  vendor: 'trello',
  faultsAt: '/1',
  method: 'oauth',
  settings: () => ({}),
  credential: ({ control }) => ({
    consumer_key: 'emulated-client',
    oauth_token: control.oauth('trello').grant().accessToken,
  }),
  wrong: { consumer_key: 'emulated-client', oauth_token: 'ATTA-a-token-that-nobody-gave' },
  streams: {
    boards: { collection: 'boards', create: { name: 'Winter', text: 'Coats' }, update: { closed: true } },
    lists: {
      collection: 'lists',
      probe: { boardId: BOARD },
      create: { name: 'Next', boardId: BOARD },
      update: { closed: true },
    },
    cards: {
      collection: 'cards',
      probe: { boardId: BOARD },
      create: { title: 'Book the studio', listId: LIST, dueAt: '2026-12-01T09:00:00+01:00' },
      update: { text: 'From nine', done: true },
    },
    actions: {
      collection: 'actions',
      probe: { boardId: BOARD },
      create: { cardId: CARD, text: 'Looks good' },
      update: { text: 'Looks very good' },
    },
    members: {
      collection: 'members',
      probe: { boardId: BOARD },
      externalId: (id) => `${BOARD}.${id}`,
      update: { role: 'observer' },
    },
  },
  errorsOn: 'cards',
  errors: [
    { name: 'expired', status: 401, body: 'expired token', fault: 'credential_rejected' },
    { name: 'revoked', status: 401, body: 'invalid token', fault: 'credential_rejected' },
    { name: 'wrong key', status: 401, body: 'invalid key', fault: 'credential_rejected' },
    { name: 'forbidden', status: 401, body: 'unauthorized permission requested', fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: 'The requested resource was not found.', fault: 'not_found' },
    { name: 'bad id', status: 400, body: 'invalid id', fault: 'not_found' },
    { name: 'invalid', status: 400, body: 'invalid value for name', fault: 'provider_rejected' },
    {
      name: 'throttled',
      status: 429,
      body: { error: 'API_TOKEN_LIMIT_EXCEEDED', message: 'Rate limit exceeded' },
      fault: 'provider_rate_limited',
    },
  ],
  webhook: { collection: 'cards', kind: 'update', streams: ['cards', 'actions'] },
};
