import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const failed = (error: string) => ({ ok: false, error });
/** Slack answers 200 and says no. */
const no = (name: string, error: string, fault: ContractCase['errors'][number]['fault']) => ({
  ...{ name, status: 200, body: failed(error), fault },
});

export const slack: ContractCase = {
  connector: 'slack',
  vendor: 'slack',
  faultsAt: '/api/',
  method: 'oauth',
  settings: () => ({ team_id: 'T012AB3C4', accountId: 'T012AB3C4' }),
  credential: granted('slack'),
  wrong: { access_token: 'xoxb-nobody' },
  streams: {
    channels: { collection: 'channels', create: { name: 'harvest' }, update: { name: 'harvest-2026' } },
    messages: {
      collection: 'messages',
      probe: { channelId: 'C024E000000' },
      create: { channelId: 'C024E000000', text: 'Bread takes time' },
      update: { text: 'Bread takes more time' },
    },
    users: { collection: 'users' },
    files: { collection: 'files' },
  },
  errors: [
    no('expired', 'token_expired', 'grant_revoked'),
    no('revoked', 'token_revoked', 'grant_revoked'),
    no('account gone', 'account_inactive', 'grant_revoked'),
    no('forbidden', 'missing_scope', 'credential_forbidden'),
    no('missing', 'channel_not_found', 'not_found'),
    no('not invited', 'not_in_channel', 'not_found'),
    no('invalid', 'invalid_arguments', 'provider_rejected'),
    no('conflict', 'name_taken', 'conflict'),
    no('out of order', 'internal_error', 'provider_down'),
    {
      ...{ name: 'throttled', status: 429, headers: { 'retry-after': '30' }, body: failed('ratelimited') },
      ...{ fault: 'provider_rate_limited', retryAfterMs: 30_000 },
    },
  ],
  webhook: { collection: 'messages', kind: 'create', streams: ['messages'] },
};
