import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { ConnectionId } from '../ports/ids.ts';
import { openOAuthGround, redirectOf } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';

const VENDORS = [
  'google-analytics',
  'hubspot',
  'zoho-crm',
  'salesforce',
  'shopify',
  'mailchimp',
  'slack',
  'meta-ads',
  'linkedin',
  'tiktok-ads',
  'trello',
  'wordpress',
];

/** What a person is asked before they are sent to the vendor. */
const ASKED: Record<string, Record<string, string>> = {
  shopify: { shop: 'acme' },
  wordpress: { blog: 'kornblume.wordpress.com' },
};

let at: OAuthGround;
beforeAll(async () => {
  at = await openOAuthGround();
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});
beforeEach(() => at.ground.emulator.control.reset());

/** The vendor's page as a browser has it: its form, filled and sent to where the form says. */
const approve = async (authorizeUrl: string) => {
  const shown = await fetch(authorizeUrl, { redirect: 'manual' });
  const html = await shown.text();
  const unescaped = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const granted = [...html.matchAll(/name="granted" value="([^"]*)"/g)];
  const form = new URLSearchParams();
  fields.forEach(([, name = '', value = '']) => form.append(unescaped(name), unescaped(value)));
  granted.forEach(([, scope = '']) => form.append('granted', unescaped(scope)));
  form.set('decision', 'approve');
  const action = /<form method="post" action="([^"]*)"/.exec(html)?.[1] ?? '';
  const answer = await fetch(new URL(unescaped(action), authorizeUrl), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form,
  });
  return redirectOf(answer.headers.get('location'));
};

describe('every vendor that people are sent to', () => {
  test.each(VENDORS)('%s: from the authorization to a connection that works', async (connectorId) => {
    const tenantId = await aTenant(at.ground.ports);
    const as = await at.member(tenantId, `owner-${tenantId.slice(0, 8)}`);
    const begun = await at.api.post(`/api/v1/oauth/authorize/${connectorId}`, {
      as,
      body: { fields: ASKED[connectorId] ?? {} },
    });
    expect([begun.status, begun.text]).toEqual([200, expect.stringContaining('authorizeUrl')]);
    const redirect = await approve(String(begun.json.authorizeUrl));
    expect(redirect.path).toBe(`/api/v1/oauth/callback/${connectorId}`);
    const shown = await at.comeBack(redirect, (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '');
    expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('<h1>Connected</h1>')]);
    const { json } = await at.api.get(`/api/v1/connectors/${connectorId}/status`, { as });
    expect(json).toMatchObject({ state: expect.stringMatching(/^(healthy|degraded)$/), authMethod: 'oauth' });
    const tested = await at.api.post(`/api/v1/connectors/${connectorId}/test`, { as });
    expect([connectorId, tested.status, tested.text]).toEqual([connectorId, 200, expect.any(String)]);
    const kept = await at.secretOf(ConnectionId.parse(json.id), tenantId);
    expect(Object.values(kept?.values ?? {}).join()).not.toBe('');
  });

  test('none is missing here', () => {
    const all = at.ground.ports.connectors.list().filter(({ auth }) => auth.some(({ flow }) => flow === 'redirect'));
    expect(all.map(({ id }) => id).sort()).toEqual([...VENDORS].sort());
  });
});
