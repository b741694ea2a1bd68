import { expect, test } from '@jest/globals';
import type { OAuthApp } from '../../ports/oauth-apps.ts';
import type { Ports } from '../../ports/index.ts';
import { createApps } from './apps.ts';

const ROW: OAuthApp = {
  connectorId: 'hubspot',
  clientId: 'row-id',
  redirectUris: ['https://us.test/back'],
  scopes: ['oauth'],
  enabled: true,
  secretVersion: 1,
  trouble: null,
  updatedAt: '2026-11-21T00:00:00Z',
};

const open = (row: OAuthApp | null, secret: string | null = 'row-secret') => {
  const asked: string[] = [];
  const apps = createApps({
    oauthApps: { get: async () => row } as unknown as Ports['oauthApps'],
    secrets: {
      read: async (path: string) => {
        asked.push(path);
        return secret === null ? null : { version: 1, values: { client_secret: secret } };
      },
    } as unknown as Ports['secrets'],
    declared: { hubspot: { clientId: 'env-id', clientSecret: 'env-secret' } },
  });
  return { apps, asked };
};

test('the platform’s row wins over the environment, and its secret is read anew each time', async () => {
  const { apps, asked } = open(ROW);
  const expected = {
    clientId: 'row-id',
    clientSecret: 'row-secret',
    scopes: ['oauth'],
    redirectUris: ROW.redirectUris,
    enabled: true,
  };
  await expect(apps('hubspot')).resolves.toEqual(expected);
  await apps('hubspot');
  expect(asked).toEqual(['platform/oauth-apps/hubspot', 'platform/oauth-apps/hubspot']);
});

test('a row that is switched off does not fall back to the environment', async () => {
  await expect(open({ ...ROW, enabled: false }).apps('hubspot')).resolves.toMatchObject({
    clientId: 'row-id',
    enabled: false,
  });
});

test('without a row the environment’s application is used, and there is none for other connectors', async () => {
  const { apps } = open(null);
  await expect(apps('hubspot')).resolves.toMatchObject({
    clientId: 'env-id',
    clientSecret: 'env-secret',
    scopes: null,
  });
  await expect(apps('toString')).resolves.toBeNull();
});

test('a row whose secret is gone has an empty one, which is refused before it is used', async () => {
  await expect(open(ROW, null).apps('hubspot')).resolves.toMatchObject({ clientSecret: '' });
});
