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
    for (const name of ['HTTP_ALLOW', 'CONNECTOR_ORIGINS', 'EMULATOR_URL', 'SECRETS_STORE', 'API_PORT']) {
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

  test('knows the platform’s keys at any number of model providers', () => {
    const keys = {
      anthropic: { apiKey: 'a' },
      'azure-openai': { apiKey: 'z', endpoint: 'https://us.openai.azure.com' },
      groq: { apiKey: 'g', baseUrl: 'http://10.0.0.1:8080/v1/' },
    };
    const env = readEnv({ ...least, LLM_MODEL: 'big', LLM_FAST_MODEL: 'small', LLM_KEYS: JSON.stringify(keys) });
    expect(env.llm).toEqual({
      ...{ provider: 'openai', baseUrl: null, apiKey: null, model: 'big', fastModel: 'small' },
      keys: {
        anthropic: { values: { apiKey: 'a' }, baseUrl: null },
        'azure-openai': { values: keys['azure-openai'], baseUrl: null },
        groq: { values: { apiKey: 'g' }, baseUrl: 'http://10.0.0.1:8080/v1' },
      },
    });
    expect(messageOf({ ...least, LLM_PROVIDER: 'anthropic' })).toContain('LLM_MODEL');
    for (const wrong of ['{', '{"nobody":{"apiKey":"x"}}', '{"groq":{"apiKey":"","x":"k-canary"}}', '"k-canary"']) {
      const message = messageOf({ ...least, LLM_KEYS: wrong });
      expect(message).toContain('\n  LLM_KEYS');
      expect(message).not.toContain('canary');
    }
  });

  test('mails with a server and an address to mail from, or not at all', () => {
    expect(readEnv(least).smtp).toBeNull();
    const mail = { SMTP_URL: 'smtp://127.0.0.1:1025', SMTP_FROM: 'BizOSaaS <no-reply@us.test>' };
    expect(readEnv({ ...least, ...mail }).smtp).toEqual({ url: mail.SMTP_URL, from: mail.SMTP_FROM });
    expect(messageOf({ ...least, SMTP_URL: mail.SMTP_URL })).toContain('SMTP_FROM');
    expect(messageOf({ ...least, ...mail, SMTP_URL: 'http://mail.test' })).toContain('SMTP_URL');
  });

  const vault = { VAULT_ADDR: 'https://vault.test:8200/', VAULT_ROLE_ID: 'worker', VAULT_SECRET_ID_FILE: '/run/id' };

  test('secrets are in files until a Vault is named, then there and nowhere else', () => {
    expect(readEnv({ ...least, SECRETS: '{"platform/x":{"a":"1"}}' }).secrets).toEqual({
      store: 'files',
      key: null,
      given: { 'platform/x': { a: '1' } },
      vault: null,
    });
    expect(readEnv({ ...least, ...vault }).secrets).toMatchObject({
      store: 'vault',
      vault: {
        address: 'https://vault.test:8200',
        namespace: null,
        caFile: null,
        mount: 'secret',
        appRoleMount: 'approle',
        roleId: 'worker',
        secretId: null,
        secretIdFile: '/run/id',
        wrappedSecretIdFile: null,
      },
    });
    expect(readEnv({ ...least, ...vault, SECRETS_STORE: 'files' }).secrets).toMatchObject({
      store: 'files',
      vault: null,
    });
    expect(readEnv({ ...least, ...vault, SECRETS_STORE: 'moving' }).secrets.store).toBe('moving');
  });

  test.each(['production', 'staging'])(
    '%s starts with Vault over TLS or on loopback, and with nothing less',
    (mode) => {
      const live = { ...least, ...vault, NODE_ENV: mode };
      expect(readEnv(live).secrets.store).toBe('vault');
      expect(readEnv({ ...live, VAULT_ADDR: 'http://127.0.0.1:8200' }).secrets.store).toBe('vault');
      expect(messageOf({ ...live, VAULT_ADDR: 'http://vault.test:8200' })).toContain('\n  VAULT_ADDR: ');
      expect(messageOf({ ...live, VAULT_ADDR: 'http://127.0.0.1.test:8200' })).toContain('\n  VAULT_ADDR: ');
      for (const SECRETS_STORE of ['files', 'moving']) {
        expect(messageOf({ ...live, SECRETS_STORE })).toContain('\n  SECRETS_STORE: ');
      }
      const message = messageOf({ ...live, SECRETS: '{"platform/x":{"a":"canary"}}' });
      expect(message).toContain('\n  SECRETS: ');
      expect(message).not.toContain('canary');
    },
  );

  test.each<[string, Record<string, string>]>([
    ['VAULT_ADDR', { SECRETS_STORE: 'vault', VAULT_ADDR: '' }],
    ['VAULT_ADDR', { VAULT_ADDR: 'vault.test' }],
    ['VAULT_ROLE_ID', { VAULT_ROLE_ID: '' }],
    ['VAULT_SECRET_ID_FILE', { VAULT_SECRET_ID_FILE: '' }],
    ['VAULT_SECRET_ID_FILE', { VAULT_SECRET_ID: 'canary' }],
    ['VAULT_WRAPPED_SECRET_ID_FILE', { VAULT_WRAPPED_SECRET_ID_FILE: '/run/w', VAULT_SECRET_ID_FILE: '' }],
    ['VAULT_MOUNT', { VAULT_MOUNT: '../sys' }],
    ['VAULT_APPROLE_MOUNT', { VAULT_APPROLE_MOUNT: '/approle/' }],
    ['SECRETS_STORE', { SECRETS_STORE: 'canary' }],
    ['SECRETS', { SECRETS: '{"platform/x":"canary"}' }],
    ['SECRETS', { SECRETS: '{canary' }],
  ])('%s is told when what Vault needs is missing or does not fit, without repeating it', (name, given) => {
    const message = messageOf({ ...least, ...vault, ...given });
    expect(message).toContain(`\n  ${name}`);
    expect(message).not.toContain('canary');
  });
});

test('rate budgets are in the database unless a Redis is named', () => {
  const given = { DATABASE_URL: 'postgres://u:p@h/d' };
  expect(readEnv(given).redisUrl).toBeNull();
  expect(readEnv({ ...given, REDIS_URL: 'rediss://redis:6380' }).redisUrl).toBe('rediss://redis:6380');
  expect(() => readEnv({ ...given, REDIS_URL: 'http://redis' })).toThrow('REDIS_URL');
});
