import type { ContractCase } from '../case.ts';

const failed = (code: number, subcode?: number) => ({
  error: { message: 'Meta’s words', type: 'OAuthException', code, ...(subcode && { error_subcode: subcode }) },
});
const ACCOUNT = 'act_904417720013355';
const renamed = { update: { name: 'Winter sales', status: 'PAUSED' } };

export const metaAds: ContractCase = {
  connector: 'meta-ads',
  vendor: 'meta-ads',
  faultsAt: '/v25.0/',
  method: 'system_user',
  settings: () => ({}),
  credential: () => ({ access_token: 'EAAGemulated' }),
  wrong: { access_token: 'EAAGnobody' },
  streams: {
    accounts: { collection: 'ad-accounts', update: { name: 'Harbor' } },
    campaigns: {
      collection: 'campaigns',
      probe: { accountId: ACCOUNT },
      create: { accountId: ACCOUNT, name: 'Winter sales', objective: 'OUTCOME_SALES', dailyBudget: 2500 },
      ...renamed,
    },
    adsets: {
      collection: 'adsets',
      probe: { accountId: ACCOUNT },
      create: {
        ...{ accountId: ACCOUNT, name: 'DE', campaignId: '120214558831000000', billedBy: 'IMPRESSIONS', goal: 'REACH' },
        targeting: { geo_locations: { countries: ['DE'] } },
      },
      ...renamed,
    },
    ads: {
      collection: 'ads',
      probe: { accountId: ACCOUNT },
      create: { accountId: ACCOUNT, name: 'Coat', adsetId: '120214558832000000', creativeId: '1088420033100000' },
      ...renamed,
    },
    insights: { filter: { accountId: ACCOUNT }, probe: { from: '2026-10-01', to: '2026-12-31' } },
  },
  errors: [
    { name: 'expired', status: 400, body: failed(190, 463), fault: 'credential_rejected' },
    { name: 'expired by 401', status: 401, body: failed(190, 463), fault: 'credential_rejected' },
    { name: 'revoked', status: 400, body: failed(190, 458), fault: 'credential_rejected' },
    { name: 'forbidden', status: 403, body: failed(200), fault: 'credential_forbidden' },
    { name: 'no permission', status: 400, body: failed(10), fault: 'credential_forbidden' },
    { name: 'missing', status: 400, body: failed(100, 33), fault: 'not_found' },
    { name: 'invalid', status: 400, body: failed(100), fault: 'provider_rejected' },
    { name: 'throttled', status: 400, body: failed(17, 2_446_079), fault: 'provider_rate_limited' },
    { name: 'throttled by use case', status: 400, body: failed(80_004), fault: 'provider_rate_limited' },
    { name: 'too much asked', status: 500, body: failed(1), fault: 'provider_down' },
  ],
  webhook: { collection: 'campaigns', kind: 'update', streams: ['campaigns', 'adsets', 'ads'] },
};
