import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { stream } from '../../streams.ts';
import { writing } from '../../writes.ts';
import { ACCOUNT, below, ID, next, posted, receipt, remove, text, time } from './graph.ts';

const ACCOUNT_FIELDS = 'id,account_id,name,currency,timezone_name,account_status';
const STATES: Record<number, string> = { 1: 'active', 2: 'disabled', 3: 'unsettled', 100: 'closing', 101: 'closed' };
const status = z.enum(['ACTIVE', 'PAUSED']);
const name = z.string().min(1).max(400);
const accountId = z.string().regex(ACCOUNT);
/** In the smallest unit of the account's currency, as Meta has it: a campaign does not say which currency that is. */
const dailyBudget = z.int().positive().optional();
const changes = (
  path: string,
  given: { name?: string | undefined; status?: string | undefined; dailyBudget?: number | undefined },
) => posted(path, { name: given.name, status: given.status, daily_budget: given.dailyBudget });

export const accounts = stream({
  title: 'Ad accounts',
  text: false,
  path: '',
  query: {},
  filters: {},
  items: 'data',
  paging: {
    kind: 'pages',
    sizeMax: 500,
    call: ({ limit, position }) => ({
      path: '/me/adaccounts',
      query: { fields: ACCOUNT_FIELDS, limit: String(limit), ...(position !== null && { after: position }) },
    }),
    next,
  },
  model: 'accounts',
  id: ACCOUNT,
  one: (id) => ({ path: `/${id}`, query: { fields: ACCOUNT_FIELDS } }),
  raw: z.object({ id: z.string(), name: text, currency: z.string(), account_status: z.int() }),
  map: ({ id, name: called, currency, account_status: state }) => ({
    ...{ externalId: id, modifiedAt: null, name: called, currency, status: STATES[state] ?? String(state) },
  }),
  writes: {
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name }),
      call: ({ input, id }) => posted(`/${id}`, input),
    }),
  },
});

export const campaigns = stream({
  title: 'Campaigns',
  ...below(
    'campaigns',
    'campaign',
    'id,name,status,effective_status,objective,daily_budget,lifetime_budget,start_time,stop_time,created_time,updated_time',
  ),
  model: 'campaigns',
  raw: z.object({
    ...{
      id: z.string(),
      name: text,
      effective_status: z.string(),
      objective: z.string().nullish(),
      updated_time: time,
    },
    ...{ start_time: time.nullish(), stop_time: time.nullish() },
  }),
  map: ({
    id,
    name: called,
    effective_status: state,
    objective,
    updated_time: changed,
    start_time: from,
    stop_time: to,
  }) => ({
    ...{ externalId: id, modifiedAt: changed, name: called, status: state, objective: objective ?? null },
    // It stands there in the smallest unit, and the currency only with the account: `native` has the number.
    ...{ budget: null, startsAt: from ?? null, endsAt: to ?? null },
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({
        ...{
          accountId,
          name,
          objective: z.string().regex(/^[A-Z_]{3,60}$/),
          status: status.default('PAUSED'),
          dailyBudget,
        },
        specialAdCategories: z.array(z.string()).default([]),
      }),
      call: ({ input: { accountId: account, dailyBudget: budget, specialAdCategories, ...rest } }) =>
        posted(`/${account}/campaigns`, { ...rest, daily_budget: budget, special_ad_categories: specialAdCategories }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name: name.optional(), status: status.optional(), dailyBudget }),
      call: ({ input, id }) => changes(`/${id}`, input),
    }),
    delete: remove,
  },
});

export const adsets = stream({
  title: 'Ad sets',
  ...below(
    'adsets',
    'adset',
    'id,name,campaign_id,status,effective_status,daily_budget,billing_event,optimization_goal,start_time,end_time,updated_time',
  ),
  raw: z.object({
    ...{ id: z.string(), name: text, campaign_id: z.string(), effective_status: z.string(), updated_time: time },
    ...{ billing_event: z.string().nullish(), optimization_goal: z.string().nullish() },
  }),
  row: Row.extend({
    ...{ name: z.string(), campaignId: z.string(), status: z.string() },
    ...{ billedBy: z.string().nullable(), goal: z.string().nullable() },
  }),
  map: ({ id, name: called, campaign_id: campaignId, effective_status: state, updated_time: changed, ...rest }) => ({
    ...{ externalId: id, modifiedAt: changed, name: called, campaignId, status: state },
    ...{ billedBy: rest.billing_event ?? null, goal: rest.optimization_goal ?? null },
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({
        ...{ accountId, name, campaignId: z.string().regex(ID), billedBy: z.string(), goal: z.string(), dailyBudget },
        ...{ targeting: z.record(z.string(), z.unknown()), status: status.default('PAUSED') },
      }),
      call: ({ input: { accountId: account, campaignId, billedBy, goal, dailyBudget: budget, ...rest } }) =>
        posted(`/${account}/adsets`, {
          ...rest,
          ...{ campaign_id: campaignId, billing_event: billedBy, optimization_goal: goal, daily_budget: budget },
        }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name: name.optional(), status: status.optional(), dailyBudget }),
      call: ({ input, id }) => changes(`/${id}`, input),
    }),
    delete: remove,
  },
});

export const ads = stream({
  title: 'Ads',
  ...below('ads', 'ad', 'id,name,adset_id,campaign_id,status,effective_status,creative{id},created_time,updated_time'),
  raw: z.object({
    ...{ id: z.string(), name: text, adset_id: z.string(), campaign_id: z.string(), effective_status: z.string() },
    ...{ updated_time: time, creative: z.object({ id: z.string() }).nullish() },
  }),
  row: Row.extend({
    ...{ name: z.string(), adsetId: z.string(), campaignId: z.string(), status: z.string() },
    creativeId: z.string().nullable(),
  }),
  map: ({ id, name: called, adset_id: adsetId, campaign_id: campaignId, effective_status: state, ...rest }) => ({
    ...{ externalId: id, modifiedAt: rest.updated_time, name: called, adsetId, campaignId, status: state },
    creativeId: rest.creative?.id ?? null,
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({
        ...{ accountId, name, adsetId: z.string().regex(ID), creativeId: z.string().regex(ID) },
        status: status.default('PAUSED'),
      }),
      call: ({ input: { accountId: account, adsetId, creativeId, ...rest } }) =>
        posted(`/${account}/ads`, { ...rest, adset_id: adsetId, creative: { creative_id: creativeId } }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name: name.optional(), status: status.optional() }),
      call: ({ input, id }) => changes(`/${id}`, input),
    }),
    delete: remove,
  },
});
