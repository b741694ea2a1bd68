import { z } from 'zod';
import { defineConnector } from '../../manifest.ts';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import { auth } from './auth.ts';
import { companies, contacts, deals, leads } from './objects.ts';

export const salesforce = defineConnector({
  id: 'salesforce',
  title: 'Salesforce',
  category: 'crm',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/',
  notes: [
    'Group and Professional editions have no API unless it is bought; an app that an admin has not installed or approved is blocked for ordinary users.',
    'A field that the connecting user may not see makes Salesforce refuse the whole list: give that user read access to the standard fields.',
    'After a lost answer a record that was made is looked for by its own values, among those of today and yesterday.',
    'Webhooks are not offered: what changed is read on schedule.',
    'Not confirmed by a source: the daily limits of each edition; 15,000 calls are kept to until the vendor tells of more.',
  ],
  hosts: {
    login_host: /^(login|test|[a-z0-9-]+(\.[a-z]+)?\.my)\.salesforce\.com$/,
    instance_url: /^https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)*\.salesforce\.com$/,
  },
  auth,
  base: '{instance_url}',
  verify: {
    path: '/services/oauth2/userinfo',
    query: {},
    account: z
      .object({ organization_id: z.string().min(1), name: z.string().nullish() })
      .transform(({ organization_id: id, name }) => ({
        accountId: id,
        accountName: name ? `${clean(name)} (${id})` : `Salesforce org ${id}`,
        settings: {},
      })),
  },
  errors: {
    code: '0.errorCode',
    fieldsOf: (json) => {
      const fields = at(json, '0.fields');
      return (Array.isArray(fields) ? (fields as unknown[]) : [])
        .filter((name) => typeof name === 'string')
        .filter((name) => /^\w{1,100}$/.test(name))
        .map((path) => ({ path, message: 'Salesforce does not accept this value' }));
    },
    rules: [
      { status: 403, is: ['REQUEST_LIMIT_EXCEEDED'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      { status: 503, fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        status: 403,
        is: ['API_DISABLED_FOR_ORG'],
        fault: 'credential_forbidden',
        message: 'this edition has no API; ask Salesforce for it',
      },
      {
        status: 400,
        is: ['DUPLICATES_DETECTED'],
        fault: 'conflict',
        message: 'its rules take this for a duplicate; look for it there, and change that one',
      },
    ],
  },
  limits: [{ name: 'daily', scope: 'connection', units: 15_000, perSeconds: 86_400 }],
  inFlightMax: 5,
  tells: ({ headers }) => {
    const [, used, units] = /api-usage=(\d{1,9})\/(\d{1,9})/.exec(headers.get('sforce-limit-info') ?? '') ?? [];
    if (used === undefined || units === undefined) return [];
    return [{ limit: 'daily', units: Number(units), remaining: Math.max(0, Number(units) - Number(used)) }];
  },
  streams: { contacts, leads, companies, deals },
});
