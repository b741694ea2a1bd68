import { describe, expect, test } from '@jest/globals';
import { readEnv } from './env.ts';

const least = { DATABASE_URL: 'postgres://a:b@127.0.0.1:5439/postgres' };
const messageOf = (source: Record<string, string>) => {
  try {
    readEnv(source);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the environment', () => {
  test('needs a database alone; the rest has defaults', () => {
    expect(readEnv(least)).toMatchObject({
      mode: 'development',
      dataDir: '.data',
      database: { url: least.DATABASE_URL, adminUrl: least.DATABASE_URL },
      temporal: { address: '127.0.0.1:7233', namespace: 'default', apiKey: null, tls: false },
      api: { host: '127.0.0.1', port: 3000, publicUrl: 'http://127.0.0.1:3000' },
      llm: { model: 'gpt-4o-mini', apiKey: null },
      httpAllow: [],
      connectorOrigins: [],
      oauthApps: {},
    });
  });

  test('tells all problems in one message, each with its name', () => {
    const message = messageOf({
      NODE_ENV: 'live',
      API_PORT: '99999',
      TEMPORAL_ADDRESS: 'nowhere',
      SECRETS_KEY: 'c2hvcnQ=',
    });
    for (const name of ['NODE_ENV', 'DATABASE_URL: is not set', 'API_PORT', 'TEMPORAL_ADDRESS', 'SECRETS_KEY']) {
      expect(message).toContain(name);
    }
    expect(message).not.toContain('c2hvcnQ=');
  });

  test.each(['production', 'staging'])('%s refuses what opens doors in development, and secrets in files', (mode) => {
    const message = messageOf({
      ...least,
      NODE_ENV: mode,
      HTTP_ALLOW: '127.0.0.1:3005',
      CONNECTOR_ORIGINS: 'https://api.hubapi.com=http://127.0.0.1:3005/hubspot',
      EMULATOR_URL: 'http://127.0.0.1:3005',
      API_PORT: 'x',
    });
    for (const name of ['HTTP_ALLOW', 'CONNECTOR_ORIGINS', 'EMULATOR_URL', 'NODE_ENV', 'API_PORT']) {
      expect(message).toContain(`\n  ${name}: `);
    }
  });

  test('reads lists, and counts empty variables as absent', () => {
    const env = readEnv({
      ...least,
      LLM_API_KEY: '',
      HTTP_ALLOW: '127.0.0.1:3005, 127.0.0.1:8080',
      CONNECTOR_ORIGINS: 'https://api.hubapi.com=http://127.0.0.1:3005/hubspot',
      HUBSPOT_CLIENT_ID: 'id',
      HUBSPOT_CLIENT_SECRET: 'secret',
      TEMPORAL_API_KEY: 'key',
    });
    expect(env.llm.apiKey).toBeNull();
    expect(env.httpAllow).toEqual(['127.0.0.1:3005', '127.0.0.1:8080']);
    expect(env.connectorOrigins).toEqual([{ from: 'https://api.hubapi.com', to: 'http://127.0.0.1:3005/hubspot' }]);
    expect(env.oauthApps).toEqual({ hubspot: { clientId: 'id', clientSecret: 'secret' } });
    expect(env.temporal).toMatchObject({ apiKey: 'key', tls: true });
  });

  test('knows any number of applications at vendors, and HubSpot’s own variables as before', () => {
    const env = readEnv({
      ...least,
      HUBSPOT_CLIENT_ID: 'id',
      HUBSPOT_CLIENT_SECRET: 'secret',
      OAUTH_APPS: '{"zoho-crm":{"clientId":"z","clientSecret":"zs"}}',
      CONNECTOR_ORIGINS: 'https://*.myshopify.com=http://127.0.0.1:3005/shopify',
    });
    expect(env.oauthApps).toEqual({
      hubspot: { clientId: 'id', clientSecret: 'secret' },
      'zoho-crm': { clientId: 'z', clientSecret: 'zs' },
    });
    expect(env.connectorOrigins).toEqual([{ from: 'https://*.myshopify.com', to: 'http://127.0.0.1:3005/shopify' }]);
  });

  test.each([
    '{',
    '[]',
    '{"hubspot":{"clientId":"id"}}',
    '{"hubspot":{"clientId":"","clientSecret":"s-canary"}}',
    '"x"',
  ])('refuses %s as applications, without repeating it', (given) => {
    const message = messageOf({ ...least, OAUTH_APPS: given });
    expect(message).toContain('\n  OAUTH_APPS');
    expect(message).not.toContain('canary');
  });

  test.each([
    'https://*.*.test=http://127.0.0.1:1',
    'https://a.*.test=http://127.0.0.1:1',
    'https://*=http://127.0.0.1:1',
  ])('refuses the pattern %s: a star stands for the first label alone', (given) => {
    expect(messageOf({ ...least, CONNECTOR_ORIGINS: given })).toContain('CONNECTOR_ORIGINS');
  });

  test('mails with a server and an address to mail from, or not at all', () => {
    expect(readEnv(least).smtp).toBeNull();
    const mail = { SMTP_URL: 'smtp://127.0.0.1:1025', SMTP_FROM: 'BizOSaaS <no-reply@us.test>' };
    expect(readEnv({ ...least, ...mail }).smtp).toEqual({ url: mail.SMTP_URL, from: mail.SMTP_FROM });
    expect(messageOf({ ...least, SMTP_URL: mail.SMTP_URL })).toContain('SMTP_FROM');
    expect(messageOf({ ...least, ...mail, SMTP_URL: 'http://mail.test' })).toContain('SMTP_URL');
  });
});
