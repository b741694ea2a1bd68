import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { ENCODING, payloadCodec } from '../adapters/temporal/codec.ts';
import { keyRing } from '../adapters/temporal/key-ring.ts';
import type { ConnectionView } from '../activities/connections.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { SecretValues } from '../ports/secrets.ts';
import {
  completeAuthorizationUpdate,
  connection,
  disconnectUpdate,
  refreshUpdate,
  statusQuery,
  submitCredentialsUpdate,
  testUpdate,
} from '../workflows/connection.ts';
import { actor, PASSWORD } from './testing/connections.ts';
import { openGround } from './testing/ground.ts';
import type { Ground } from './testing/ground.ts';
import { keptInTables } from './testing/kept.ts';
import { TEST_KEYS } from './testing/namespace.ts';
import { until } from './testing/until.ts';

const PUBLIC_URL = 'https://us.test';
const CLIENT = { client_id: 'emulated-client', client_secret: 'emulated-secret' };
const CALLERS = 5;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PRIVATE_PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const PUBLIC_PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ROBOT = 'robot@kornblume.iam.gserviceaccount.com';
const SALESFORCE: [string, string] = ['00Dxx0000001gPLEAY', 'Mara Kornblum (00Dxx0000001gPLEAY)'];

/** One way to connect, and what must come of it. */
interface Way {
  connectorId: string;
  methodId: string;
  /** What sets this row apart from others of the same way. */
  where?: string;
  /** What the person types. */
  fields?: (url: string) => Record<string, unknown>;
  /** What the person chooses at the vendor's. */
  choice?: Record<string, string>;
  /** What is done at the vendor before. */
  prepare?: () => void;
  account: [id: string, name: string] | ((url: string) => [id: string, name: string]);
  /** `lapsed`: renewed once the token lapsed; `living`: while it lives, since a lapsed one cannot be. Else never. */
  renews?: 'lapsed' | 'living';
  /** How the vendor stops to take this credential for good; all that people granted is taken back unless told. */
  dies?: () => void;
  /** Undoes that, for the rows that come after. */
  mended?: () => void;
  /** Who takes the access back at the end. */
  takenBackBy: 'us' | 'people';
}

let ground: Ground;
/** Every value that was ever kept as a secret. Filled behind SecretPort. */
const secrets = new Set<string>();
const workflowIds: string[] = [];
const connectedAs: string[] = [];

/** WordPress has two doors, and only one of them gives tokens. */
const vendor = (id: string) => ground.emulator.control.oauth(id === 'wordpress' ? 'wordpress-com' : id);
/** The vendor knows our public key, and another one in its place from then on. */
const certificateDies = (id: string, issuer: string): Pick<Way, 'prepare' | 'dies'> => ({
  prepare: () => vendor(id).assertionKey(issuer, PUBLIC_PEM),
  dies: () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    vendor(id).assertionKey(issuer, other.export({ type: 'spki', format: 'pem' }).toString());
    vendor(id).revoke();
  },
});
/** A person deletes the key at the vendor's. */
const keyDies = (id: string, key: string) => expect(ground.emulator.control.keys(id).revoke(key)).toBe(1);
const clientDies = (id: string): Pick<Way, 'dies' | 'mended'> => ({
  dies: () => {
    vendor(id).breakClient(true);
    vendor(id).revoke();
  },
  mended: () => vendor(id).breakClient(false),
});

const WAYS: Way[] = [
  {
    connectorId: 'hubspot',
    methodId: 'oauth',
    account: ['24681012', 'HubSpot account 24681012'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'hubspot',
    methodId: 'token',
    fields: () => ({ access_token: 'pat-eu1-emulated' }),
    account: ['24681012', 'HubSpot account 24681012'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'wordpress',
    methodId: 'application_password',
    fields: (url) => ({ site_url: `${url}/wordpress/demo`, username: 'owner', application_password: PASSWORD }),
    account: ['1', 'Mara Kornblum'],
    dies: () => ground.emulator.control.wordpress.password('demo', false),
    mended: () => ground.emulator.control.wordpress.password('demo', true),
    takenBackBy: 'us',
  },
  {
    connectorId: 'wordpress',
    methodId: 'oauth',
    where: 'at WordPress.com',
    fields: () => ({ blog: 'kornblume.wordpress.com' }),
    account: ['4711', 'Mara Kornblum'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  // Each with a key of its own, for each dies.
  ...Object.entries({ keys: 'emulated', signed: 'readonly' }).map(([methodId, key]): Way => ({
    connectorId: 'woocommerce',
    methodId,
    fields: (url) => ({ site_url: `${url}/woocommerce`, consumer_key: `ck_${key}`, consumer_secret: `cs_${key}` }),
    account: (url) => [`${url}/woocommerce`, `${url}/woocommerce`],
    dies: () => keyDies('woocommerce', `ck_${key}`),
    takenBackBy: 'people',
  })),
  {
    connectorId: 'zoho-crm',
    methodId: 'oauth',
    where: 'in the United States',
    choice: { account: '50021234502' },
    account: ['50021234502', 'Ferro Inc'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'zoho-crm',
    methodId: 'oauth',
    where: 'in the EU, by the door of .com',
    choice: { account: '20091234501' },
    account: ['20091234501', 'Kornblume Bakery'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'zoho-crm',
    methodId: 'oauth',
    where: 'in the EU, by the door of .eu',
    fields: () => ({ dc: 'eu' }),
    choice: { account: '20091234501' },
    account: ['20091234501', 'Kornblume Bakery'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'zoho-crm',
    methodId: 'oauth',
    where: 'in Canada, whose host is named otherwise',
    fields: () => ({ dc: 'ca' }),
    choice: { account: '90011234504' },
    account: ['90011234504', 'Maple Ltd'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'shopify',
    methodId: 'oauth',
    fields: () => ({ shop: 'ferro' }),
    account: ['ferro.myshopify.com', 'ferro'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'shopify',
    methodId: 'client_credentials',
    fields: () => ({ shop: 'kornblume.myshopify.com', ...CLIENT }),
    account: ['kornblume.myshopify.com', 'kornblume'],
    renews: 'lapsed',
    ...clientDies('shopify'),
    takenBackBy: 'people',
  },
  {
    connectorId: 'shopify',
    methodId: 'token',
    fields: () => ({ shop: 'https://kornblume.myshopify.com/admin', access_token: 'shpat_emulated' }),
    account: ['kornblume.myshopify.com', 'kornblume'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'salesforce',
    methodId: 'oauth',
    where: 'by the common door',
    account: SALESFORCE,
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'salesforce',
    methodId: 'oauth',
    where: 'in a sandbox',
    fields: () => ({ login_host: 'test.salesforce.com' }),
    account: SALESFORCE,
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'salesforce',
    methodId: 'oauth',
    where: 'by a My Domain',
    fields: () => ({ login_host: 'acme.my.salesforce.com' }),
    account: SALESFORCE,
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'salesforce',
    methodId: 'jwt',
    fields: () => ({ username: 'robot@kornblume.test', client_id: CLIENT.client_id, private_key: PRIVATE_PEM }),
    ...certificateDies('salesforce', CLIENT.client_id),
    account: SALESFORCE,
    renews: 'lapsed',
    takenBackBy: 'people',
  },
  {
    connectorId: 'salesforce',
    methodId: 'client_credentials',
    fields: () => ({ login_host: 'kornblume.my.salesforce.com', ...CLIENT }),
    account: SALESFORCE,
    renews: 'lapsed',
    ...clientDies('salesforce'),
    takenBackBy: 'people',
  },
  {
    connectorId: 'mailchimp',
    methodId: 'oauth',
    where: 'in another data centre than the first',
    choice: { account: '1fe26a0a4ab2cb0f4c41b5f01' },
    account: ['1fe26a0a4ab2cb0f4c41b5f01', 'Ferro SL'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'mailchimp',
    methodId: 'api_key',
    fields: () => ({ api_key: 'c0ffee00c0ffee00c0ffee00c0ffee00-us6' }),
    account: ['8d3a3db4d97663a9074efcc16', 'Kornblume Bakery'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'slack',
    methodId: 'oauth',
    account: ['T012AB3C4', 'Kornblume Bakery'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'slack',
    methodId: 'bot_token',
    fields: () => ({ access_token: 'xoxb-emulated' }),
    account: ['T012AB3C4', 'Kornblume Bakery'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'meta-ads',
    methodId: 'oauth',
    account: ['10158330021330377', 'Mara Kornblum'],
    renews: 'living',
    takenBackBy: 'us',
  },
  {
    connectorId: 'meta-ads',
    methodId: 'system_user',
    fields: () => ({ access_token: 'EAAGemulated' }),
    account: ['10158330021330377', 'Mara Kornblum'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'tiktok-ads',
    methodId: 'oauth',
    account: ['7180011223344556677', 'Kornblume Bakery'],
    takenBackBy: 'us',
  },
  {
    connectorId: 'trello',
    methodId: 'oauth',
    account: ['6a26eb9ccef85b4074040001', 'Mara Kornblum (marakornblum)'],
    takenBackBy: 'us',
  },
  {
    connectorId: 'trello',
    methodId: 'token',
    fields: () => ({ consumer_key: CLIENT.client_id, oauth_token: 'ATTAemulated' }),
    account: ['6a26eb9ccef85b4074040001', 'Mara Kornblum (marakornblum)'],
    takenBackBy: 'people',
  },
  {
    connectorId: 'magento',
    methodId: 'integration',
    fields: (url) => ({
      site_url: `${url}/magento`,
      consumer_key: 'emulated-client',
      consumer_secret: 'emulated-secret',
      ...integration(),
    }),
    account: (url) => [`${url}/magento/`, `${url.replace('http://', '')}/magento`],
    takenBackBy: 'people',
  },
  {
    connectorId: 'magento',
    methodId: 'token',
    where: 'in a store that allows it',
    fields: (url) => ({
      site_url: `${url}/magento`,
      store_code: 'default',
      access_token: vendor('magento').grant().accessToken,
    }),
    prepare: () => vendor('magento').turn('bearer', true),
    account: (url) => [`${url}/magento/`, `${url.replace('http://', '')}/magento`],
    takenBackBy: 'people',
  },
  {
    connectorId: 'linkedin',
    methodId: 'oauth',
    account: ['urn:li:person:aB3dE5fG7h', 'LinkedIn member aB3dE5fG7h'],
    renews: 'lapsed',
    takenBackBy: 'people',
  },
  {
    connectorId: 'superset',
    methodId: 'login',
    fields: (url) => ({ base_url: `${url}/superset/login`, username: 'owner', password: 'emulated-password' }),
    account: (url) => [`${url}/superset#owner`, `owner at ${url}/superset`],
    renews: 'lapsed',
    ...clientDies('superset'),
    takenBackBy: 'people',
  },
  {
    connectorId: 'google-analytics',
    methodId: 'oauth',
    account: ['accounts/104482913', 'Kornblume Bakery'],
    renews: 'lapsed',
    takenBackBy: 'us',
  },
  {
    connectorId: 'google-analytics',
    methodId: 'service_account',
    fields: () => ({
      service_account_json: JSON.stringify({
        type: 'service_account',
        client_email: ROBOT,
        private_key: PRIVATE_PEM,
        token_uri: 'https://evil.test/token',
      }),
    }),
    ...certificateDies('google-analytics', ROBOT),
    account: ['accounts/104482913', 'Kornblume Bakery'],
    renews: 'lapsed',
    takenBackBy: 'people',
  },
  {
    connectorId: 'sendgrid',
    methodId: 'api_key',
    fields: () => ({ api_key: 'SG.emulatedGlobalKey00000.emulated-emulated-emulated-emulated-emulate' }),
    account: ['global', 'SendGrid (global)'],
    dies: () => keyDies('sendgrid', 'emulatedGlobalKey00000'),
    takenBackBy: 'people',
  },
  {
    connectorId: 'sendgrid',
    methodId: 'api_key',
    where: 'in the European region',
    fields: () => ({ api_key: 'SG.emulatedEuropeanKey000.emulated-emulated-emulated-emulated-emulate', region: 'eu' }),
    account: ['eu', 'SendGrid (eu)'],
    dies: () => keyDies('sendgrid', 'emulatedEuropeanKey000'),
    takenBackBy: 'people',
  },
  {
    connectorId: 'aws-s3',
    methodId: 'access_key',
    fields: () => ({
      access_key_id: 'AKIAEMULATEDKEY00001',
      secret_access_key: 'emulatedSecretAccessKey/emulated+key0001',
      region: 'eu-west-1',
    }),
    account: ['123456789012', 'AWS account 123456789012 (user/bizosaas)'],
    dies: () => keyDies('aws-iam', 'AKIAEMULATEDKEY00001'),
    takenBackBy: 'people',
  },
  {
    connectorId: 'stripe',
    methodId: 'api_key',
    fields: () => ({ api_key: 'rk_test_51emulatedKornb' }),
    account: ['acct_1Qx81bV0aZ3Kornb', 'Kornblume Bakery'],
    dies: () => keyDies('stripe', 'key_Kornb'),
    takenBackBy: 'people',
  },
];
const nameOf = ({ connectorId, methodId, where = '' }: Way) => `${connectorId} ${methodId} ${where}`.trim();
const integration = () => {
  const { accessToken, tokenSecret } = vendor('magento').grant();
  return { access_token: accessToken, access_token_secret: tokenSecret };
};
const rowOf = (connectorId: string, methodId: string): Way => {
  const found = WAYS.find((way) => way.connectorId === connectorId && way.methodId === methodId);
  if (!found) throw new Error(`no row walks ${connectorId} ${methodId}`);
  return found;
};

beforeAll(async () => {
  ground = await openGround();
  const { put } = ground.ports.secrets;
  ground.withPort({
    secrets: {
      put: async (path, version, values, meta) => {
        if (meta.class !== 'payload_codec_key') remember(values);
        return put(path, version, values, meta);
      },
    },
  });
  await ground.worker.start();
});
afterAll(() => ground.close());

/** What stands beside secrets and is none, by name. */
const OPEN = new Set([
  ...['expiresAt', 'scope', 'redirectUri', 'consumer_key', 'location', 'accounts-server', 'shop', 'host', 'timestamp'],
  ...['iss', 'username', 'error', 'error_description'],
]);
function remember(values: SecretValues): void {
  for (const [name, value] of Object.entries(values)) {
    if (OPEN.has(name) || value === '') continue;
    if (name === 'answer' || name === 'proof') remember(JSON.parse(value) as SecretValues);
    // A key is looked for line by line: line breaks are written in many ways.
    else for (const line of value.split('\n')) if (line !== '' && !line.startsWith('-----')) secrets.add(line);
  }
}

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));

/** A person with a browser: opens the page, ticks or leaves its boxes, chooses the account, sends the form, is sent back. */
async function consentInBrowser(
  url: string,
  choice: Record<string, string> = {},
  allowed: (scope: string) => boolean = () => true,
): Promise<URL> {
  const page = await fetch(url, { redirect: 'manual' });
  const text = await page.text();
  expect([page.status, text]).toEqual([200, expect.stringContaining('<form method="post"')]);
  const [, action = ''] = /<form method="post" action="([^"]+)">/.exec(text) ?? [];
  const fields = new URLSearchParams();
  for (const [, kind, name = '', value = ''] of text.matchAll(/<input type="(\w+)" name="([^"]*)" value="([^"]*)"/g))
    if (kind === 'hidden' || allowed(unescaped(value))) fields.append(name, unescaped(value));
  for (const [name, value] of Object.entries({ decision: 'approve', ...choice })) fields.set(name, value);
  const sent = await fetch(new URL(unescaped(action), url), { method: 'POST', body: fields, redirect: 'manual' });
  expect([sent.status, sent.headers.get('location')]).toEqual([302, expect.stringContaining(PUBLIC_URL)]);
  return new URL(sent.headers.get('location') ?? '');
}

interface Choice {
  choice?: Record<string, string> | undefined;
  allowed?: (scope: string) => boolean;
  acceptOtherAccount?: boolean;
}

/** A connection of a new tenant, with its workflow, and what a person does with it. */
async function opened({ connectorId, methodId, fields = () => ({}) }: Way) {
  const { ports, client, emulator } = ground;
  const tenantId = await aTenant(ports);
  const connectionId = await aConnection(ports, tenantId, { connectorId });
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  await client.workflow.start(connection, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, connectorId, sync: [], notify: null }],
  });
  workflowIds.push(workflowId);
  const handle = client.workflow.getHandle<typeof connection>(workflowId);
  const { secret, settings } = ports.connectors.checkFields(connectorId, methodId, fields(emulator.url));
  const way = { connectorId, methodId, settings };

  const byForm = async () => {
    const given = { staged: await ports.staging.stage(workflowId, secret), methodId, settings, actor };
    return handle.executeUpdate(submitCredentialsUpdate, { args: [given] });
  };
  const byRedirect = async ({ choice, allowed, acceptOtherAccount = false }: Choice) => {
    const redirectUri = `${PUBLIC_URL}/api/v1/oauth/callback/${connectorId}`;
    const state = randomUUID();
    const { url, proof } = await ports.oauth.begin(way, redirectUri, state);
    const back = await consentInBrowser(url, choice, allowed);
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([redirectUri, state]);
    const answer = JSON.stringify(Object.fromEntries(back.searchParams));
    const values = { answer, proof: JSON.stringify(proof), redirectUri };
    const given = {
      staged: await ports.staging.stage(workflowId, values),
      methodId,
      settings,
      stateHash: createHash('sha256').update(state).digest('hex'),
      actor,
      acceptOtherAccount,
    };
    return handle.executeUpdate(completeAuthorizationUpdate, { args: [given] });
  };
  const row = () => ports.connections.get(tenantId, connectionId);
  return {
    handle,
    row,
    flow: ports.connectors.method(connectorId, methodId).flow,
    secret: () => ports.secrets.read(connectionSecretPath(tenantId, connectionId)),
    status: () => handle.query<ConnectionView>(statusQuery.name),
    /** A real call with what is stored, as it is. */
    call: async () => ports.connectors.test(await row()),
    connect: (choice: Choice = {}): Promise<ConnectionView> =>
      ports.connectors.method(connectorId, methodId).flow === 'form' ? byForm() : byRedirect(choice),
  };
}

/** A credential of this way, as its workflow would come by it. */
async function heldWithoutWorkflow(way: Way) {
  const { oauth } = ground.ports;
  const { connectorId, methodId, fields = () => ({}), choice } = way;
  const { secret, settings } = ground.ports.connectors.checkFields(connectorId, methodId, fields(ground.emulator.url));
  const asked = { connectorId, methodId, settings };
  const redirectUri = `${PUBLIC_URL}/api/v1/oauth/callback/${connectorId}`;
  const tokens = async () => {
    if (ground.ports.connectors.method(connectorId, methodId).flow === 'form') {
      return oauth.renews(asked, secret) ? oauth.renew(asked, secret) : { values: secret, settings: {} };
    }
    const { url, proof } = await oauth.begin(asked, redirectUri, 'a-state');
    const back = await consentInBrowser(url, choice);
    return oauth.complete(asked, redirectUri, Object.fromEntries(back.searchParams), proof);
  };
  const { values, settings: told } = await tokens();
  const account = typeof way.account === 'function' ? way.account(ground.emulator.url) : way.account;
  return { way: { ...asked, settings: { ...settings, ...told, accountId: account[0] } }, values };
}

const failsAs = (...types: string[]) =>
  expect.objectContaining({
    cause: expect.objectContaining({ type: expect.stringMatching(`^(${types.join('|')})$`) }),
  });
const refused = expect.objectContaining({ code: 'credential_rejected' });
const isRefreshed = (values: SecretValues = {}) => values['refresh_token'] !== undefined;
const callsOf = (id: string): number =>
  Object.values(vendor(id).tokenCalls().grantTypes).reduce((sum, { calls }) => sum + calls, 0);

/** Callers meet a token that is no longer taken, all at once. */
async function renewedOnce(
  { connectorId, renews }: Way,
  { handle, status, call, secret }: Awaited<ReturnType<typeof opened>>,
): Promise<void> {
  const before = await secret();
  const asked = callsOf(connectorId);
  const own = () => {
    const all = vendor(connectorId).tokenCalls().generations;
    return all.filter(({ grant }) => grant === all.at(-1)?.grant);
  };
  if (renews === 'lapsed') {
    expect(vendor(connectorId).expireTokens()).toBeGreaterThan(0);
    await expect(call()).rejects.toEqual(refused);
  }
  const args: [{ observedVersion: number }] = [{ observedVersion: 1 }];
  const refresh = () => handle.executeUpdate(refreshUpdate, { args });
  const answers = await Promise.all(Array.from({ length: CALLERS }, refresh));
  expect(answers).toEqual(Array.from({ length: CALLERS }, () => ({ version: 2 })));
  await expect(call()).resolves.toMatchObject({ accountId: expect.any(String) });
  await expect(status()).resolves.toMatchObject({ state: 'healthy', secretVersion: 2 });
  expect(callsOf(connectorId) - asked).toBe(1);
  expect(vendor(connectorId).tokenCalls().reuseAlarms).toBe(0);
  if (isRefreshed(before?.values)) {
    const [first, ...later] = own();
    expect(first).toMatchObject({ generation: 1, calls: 1, succeeded: 1 });
    for (const { calls } of later) expect(calls).toBe(0);
  }
  expect((await secret())?.values['access_token']).not.toBe(before?.values['access_token']);
}

test('every way to connect that a connector declares has its row', () => {
  const declared = ground.ports.connectors.list().flatMap(({ id, auth }) => auth.map((method) => `${id} ${method.id}`));
  expect([...new Set(WAYS.map(({ connectorId, methodId }) => `${connectorId} ${methodId}`))].sort()).toEqual(
    declared.sort(),
  );
});

/** The whole life of one connection. */
async function walk(way: Way): Promise<void> {
  const { connectorId, methodId, prepare, choice, renews, takenBackBy } = way;
  const [id, name] = typeof way.account === 'function' ? way.account(ground.emulator.url) : way.account;
  const { title } = ground.ports.connectors.info(connectorId);
  prepare?.();
  const made = await opened(way);

  const view = { state: 'healthy', accountName: name, missingScopes: [] };
  await expect(made.connect({ choice })).resolves.toMatchObject(view);
  connectedAs.push(name);
  const row = await made.row();
  expect(row).toMatchObject({ state: 'healthy', authMethod: methodId, settings: { accountId: id, accountName: name } });
  await expect(made.call()).resolves.toMatchObject({ accountId: id, accountName: name });
  // Only what stays as it is until somebody changes it is rotated by a policy.
  const isKey = ground.ports.connectors.method(connectorId, methodId).kind === 'api_key';
  const kept = isKey ? 'vendor_api_key' : renews ? 'oauth_tokens' : 'credential';
  expect((await made.secret())?.meta.class).toBe(kept);
  if (renews) await renewedOnce(way, made);
  else
    await expect(made.handle.executeUpdate(refreshUpdate, { args: [{ observedVersion: 1 }] })).rejects.toEqual(
      failsAs('unsupported'),
    );

  // The vendor ends it; one look finds out, and says so in words that lead on.
  (way.dies ?? (() => vendor(connectorId).revoke()))();
  await expect(made.handle.executeUpdate(testUpdate)).rejects.toEqual(failsAs('credential_rejected', 'grant_revoked'));
  const dead = await made.status();
  expect(dead).toMatchObject({ state: 'reauth_required', reason: { message: expect.stringContaining(title) } });
  expect(['credential_rejected', 'grant_revoked']).toContain(dead.reason?.code);
  expect(dead.reason?.message).toMatch(/connect it again|connect again|give (it|them|all)|make a new one/);
  way.mended?.();

  // Who can consent again does, and lives; then it ends.
  if (made.flow === 'redirect') await expect(made.connect({ choice })).resolves.toMatchObject(view);
  const last = await made.secret();
  const { settings } = await made.row();
  const end = await made.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  await made.handle.result();
  expect(end).toMatchObject({ state: 'disconnected', secretVersion: 0 });
  await expect(made.secret()).resolves.toBeNull();
  const still = () => ground.ports.connectors.verify({ connectorId, methodId, settings }, last?.values ?? {});
  if (takenBackBy === 'us') {
    expect(end.reason?.message).toBe('disconnected on request');
    await expect(still()).rejects.toEqual(refused);
  } else {
    expect(end.reason?.message).toContain('no way to take the access back from here, so remove it there');
    // What people are told is so.
    if (made.flow === 'redirect') await expect(still()).resolves.toMatchObject({ accountId: id });
  }
}

describe('from consent to disconnect', () => {
  const walks = new Map<Way, Promise<void>>();
  // Vendor beside vendor, and one vendor's ways one after another: what is done there concerns all who are connected.
  beforeAll(() => {
    const last = new Map<string, Promise<void>>();
    // A token that somebody pasted never lives again, so it comes before the vendor withdraws anything.
    const isPasted = ({ connectorId, methodId, renews }: Way) =>
      !renews && ground.ports.connectors.method(connectorId, methodId).flow === 'form';
    for (const way of [...WAYS.filter(isPasted), ...WAYS.filter((way) => !isPasted(way))]) {
      const before = last.get(way.connectorId) ?? Promise.resolve();
      const walking = before.then(() => walk(way));
      walks.set(way, walking);
      last.set(
        way.connectorId,
        walking.catch(() => undefined),
      );
    }
  });

  test.each(WAYS.map((way) => [nameOf(way), way] as const))('%s', async (_name, way) => walks.get(way));
});

/** Each declared way once. */
const ONCE = WAYS.filter((way) => way === rowOf(way.connectorId, way.methodId));
const isRedirect = ({ fields, methodId }: Way) => methodId === 'oauth' || fields === undefined;
/** All is as it should be but what is secret. */
const mistyped = ({ connectorId, methodId, fields = () => ({}) }: Way, url: string): Record<string, unknown> => {
  const { fields: declared } = ground.ports.connectors.method(connectorId, methodId);
  const secret = new Set(declared.filter((field) => field.secret).map(({ name }) => name));
  const wrong = (text: string) =>
    text.includes('PRIVATE KEY') ? text : text.replace(/(?<=^.{4}).{3}/, (some) => (some === 'abc' ? 'cba' : 'abc'));
  return Object.fromEntries(
    Object.entries(fields(url)).map(([name, value]) => [name, secret.has(name) ? wrong(String(value)) : value]),
  );
};

describe('what may happen on the way', () => {
  beforeEach(() => ground.emulator.control.reset());

  test('superset: when the refresh token is gone, the login is made anew, once, and nobody is asked', async () => {
    const made = await opened(rowOf('superset', 'login'));
    await made.connect();
    vendor('superset').forgetRefreshTokens();
    vendor('superset').expireTokens();
    await expect(made.call()).rejects.toEqual(refused);
    await made.handle.executeUpdate(refreshUpdate, { args: [{ observedVersion: 1 }] });
    await expect(made.call()).resolves.toMatchObject({ accountName: expect.stringContaining('owner at') });
    expect(vendor('superset').tokenCalls().grantTypes['password']).toEqual({ calls: 2, succeeded: 2 });
    await expect(made.status()).resolves.toMatchObject({ state: 'healthy', reason: null });
  });

  test('meta-ads: a token that lapsed before it was exchanged is the end, and people are told what to do', async () => {
    const made = await opened(rowOf('meta-ads', 'oauth'));
    await made.connect();
    vendor('meta-ads').expireTokens();
    await expect(made.handle.executeUpdate(testUpdate)).rejects.toEqual(failsAs('grant_revoked'));
    await expect(made.status()).resolves.toMatchObject({
      state: 'reauth_required',
      reason: {
        code: 'grant_revoked',
        providerCode: '190',
        message: expect.stringMatching(/Meta Ads.*connect it again/),
      },
    });
  });

  test.each([
    ['hubspot', 'crm.objects.contacts.read'],
    ['salesforce', 'refresh_token'],
    ['zoho-crm', 'ZohoCRM.modules.ALL'],
    ['slack', 'users:read.email'],
  ])(
    'C28: %s, consent without %s: it works as far as it goes and names what is missing',
    async (connectorId, missing) => {
      const made = await opened(rowOf(connectorId, 'oauth'));
      const view = await made.connect({ allowed: (scope) => scope !== missing });
      expect(view).toMatchObject({ state: 'degraded', missingScopes: [missing], reason: { code: 'scopes_missing' } });
      expect(view.reason?.message).toContain(missing);
      expect((await made.row()).scopes).not.toContain(missing);
      await expect(made.call()).resolves.toMatchObject({ accountId: expect.any(String) });
      await expect(made.connect()).resolves.toMatchObject({ state: 'healthy', reason: null, missingScopes: [] });
    },
  );

  test.each([
    ['zoho-crm', '50021234502', '20091234501'],
    ['google-analytics', 'accounts/104482913', 'accounts/104482999'],
  ])(
    'C29: %s: consent for another account is refused, and accepted when the person says so',
    async (id, first, other) => {
      const made = await opened(rowOf(id, 'oauth'));
      await made.connect({ choice: { account: first } });
      const [before, kept] = [await made.row(), await made.secret()];
      const error: unknown = await made.connect({ choice: { account: other } }).catch((thrown: unknown) => thrown);
      expect(error).toEqual(failsAs('conflict'));
      for (const account of [first, other]) expect(String((error as Error).cause)).toContain(account);
      await expect(made.secret()).resolves.toEqual(kept);
      await expect(made.row()).resolves.toMatchObject({ state: 'healthy', settings: before.settings });
      await expect(made.call()).resolves.toMatchObject({ accountId: first });

      await made.connect({ choice: { account: other }, acceptOtherAccount: true });
      await expect(made.row()).resolves.toMatchObject({ state: 'healthy', settings: { accountId: other } });
      await expect(made.call()).resolves.toMatchObject({ accountId: other });
    },
  );

  test.each(ONCE.filter(isRedirect).map((way) => [nameOf(way), way] as const))(
    '%s: who says no at the vendor’s is told so, nothing is kept, and the connection goes on waiting',
    async (_name, way) => {
      const made = await opened(way);
      const error: unknown = await made.connect({ choice: { decision: 'deny' } }).catch((thrown: unknown) => thrown);
      expect(error).toEqual(failsAs('oauth_denied'));
      await expect(made.status()).resolves.toMatchObject({ state: 'pending', secretVersion: 0 });
      await expect(made.secret()).resolves.toBeNull();
    },
  );

  test.each(ONCE.filter((way) => !isRedirect(way)).map((way) => [nameOf(way), way] as const))(
    '%s: what was mistyped is refused in words that lead on, nothing is kept, and the connection goes on waiting',
    async (_name, way) => {
      const { title } = ground.ports.connectors.info(way.connectorId);
      const made = await opened({ ...way, fields: (url) => mistyped(way, url) });
      const error: unknown = await made.connect().catch((thrown: unknown) => thrown);
      expect(error).toEqual(failsAs('credential_rejected', 'grant_revoked'));
      const { message, details } = (error as { cause: ApplicationFailure }).cause;
      expect(message).toContain(title);
      expect(message).toMatch(/connect|again|make a new one|check it|give all four keys/);
      const typed = ground.ports.connectors.method(way.connectorId, way.methodId).fields.filter(({ secret }) => secret);
      // The form points at it, where there is but one to point at.
      const [only] = typed.length === 1 ? typed : [];
      expect(details).toMatchObject([{ fields: only ? [{ path: only.name, message: expect.any(String) }] : [] }]);
      await expect(made.status()).resolves.toMatchObject({ state: 'pending', secretVersion: 0 });
      await expect(made.secret()).resolves.toBeNull();
    },
  );

  test.each(ONCE.filter(({ renews }) => renews).map((way) => [nameOf(way), way] as const))(
    'C17: %s: the answer to a renewal is lost on its way: asked once more at once, it lives, or it is said why not',
    async (_name, way) => {
      way.prepare?.();
      const made = await opened(way);
      await made.connect();
      ground.emulator.control.fault({ match: { path: `/${way.connectorId}` }, kind: 'drop-after' });
      const renewing = made.handle.executeUpdate(refreshUpdate, { args: [{ observedVersion: 1 }] });
      // A vendor that gives each refresh token for one use alone has forgotten ours, and nobody has the next.
      if (way.methodId === 'oauth' && ['salesforce', 'slack', 'wordpress'].includes(way.connectorId)) {
        await expect(renewing).rejects.toEqual(failsAs('reauth_required'));
        await expect(made.status()).resolves.toMatchObject({
          state: 'reauth_required',
          reason: { code: 'lost_response', message: expect.stringContaining('connect again') },
        });
        await expect(made.connect()).resolves.toMatchObject({ state: 'healthy' });
      } else {
        await expect(renewing).resolves.toEqual({ version: 2 });
        await expect(made.status()).resolves.toMatchObject({ state: 'healthy', reason: null });
      }
      await expect(made.call()).resolves.toMatchObject({ accountId: expect.any(String) });
    },
  );

  /** Those that ask the vendor for more than data: for tokens, or their end. */
  const ASKING = WAYS.filter(({ takenBackBy, renews }) => takenBackBy === 'us' || renews);
  test.each(ASKING.map((way) => [nameOf(way), way] as const))(
    '%s: whatever its servers answer to us, no token and no secret of ours is in the error',
    async (_name, way) => {
      way.prepare?.();
      const { connectors, oauth } = ground.ports;
      const held = await heldWithoutWorkflow(way);
      const said: string[] = [];
      for (const wrong of [
        { kind: 'status', status: 400 },
        { kind: 'status', status: 500 },
        { kind: 'drop-after' },
        { kind: 'body', body: '<p>' },
      ] as const) {
        ground.emulator.control.fault({ match: { path: `/${way.connectorId}` }, times: 9, ...wrong });
        for (const ask of [oauth.renew, oauth.revoke, connectors.verify]) {
          const error: unknown = await ask(held.way, held.values).catch((thrown: unknown) => thrown);
          said.push(inspect(error, { depth: 9 }));
        }
        ground.emulator.control.faults.clear();
      }
      expect(said.join()).toContain('Fault');
      const hidden = [
        CLIENT.client_secret,
        ...Object.entries(held.values)
          .filter(([name]) => !OPEN.has(name))
          .map(([, value]) => value),
      ];
      for (const value of hidden.filter((one) => one.length > 6)) expect(said.join()).not.toContain(value);
    },
  );
});

/** All that Temporal keeps of these runs, decrypted, as text. */
async function historiesOf(ids: string[]): Promise<string> {
  const codec = payloadCodec(keyRing(TEST_KEYS));
  const texts: string[] = [];
  const walk = async (value: unknown): Promise<void> => {
    if (typeof value !== 'object' || value === null) return void texts.push(String(value));
    if (value instanceof Uint8Array) return void texts.push(Buffer.from(value).toString());
    const { metadata, data } = value as { metadata?: Record<string, Uint8Array>; data?: Uint8Array };
    if (Buffer.from(metadata?.['encoding'] ?? []).toString() === ENCODING) {
      const [opened] = await codec.decode([{ metadata: metadata ?? {}, data: data ?? null }]);
      texts.push(Buffer.from(opened?.data ?? []).toString());
    }
    for (const part of Object.values(value)) await walk(part);
  };
  for (const id of ids) await walk(await ground.client.workflow.getHandle(id).fetchHistory());
  return texts.join('\n');
}

test('C31: no secret of all these walks stands in any history, decrypted, nor in any row of any table', async () => {
  const listed = async () => {
    const ids = new Set<string>();
    for await (const { workflowId } of ground.client.workflow.list()) ids.add(workflowId);
    return ids;
  };
  const ids = await until('every workflow is listed', listed, (all) => workflowIds.every((id) => all.has(id)));
  const stored = await keptInTables(ground.database.adminUrl);
  const texts = { ...stored, histories: await historiesOf([...ids]) };

  // The search finds what is there: else it would prove nothing.
  expect(workflowIds.length).toBeGreaterThan(WAYS.length);
  expect(secrets.size).toBeGreaterThan(5 * WAYS.length);
  for (const name of new Set(connectedAs)) {
    expect(texts.histories).toContain(name);
    expect(stored['table connector_configs']).toContain(name);
  }
  await expect(ground.ports.secrets.list('staging/')).resolves.toEqual([]);
  const leaks: string[] = [];
  for (const secret of secrets) {
    const spellings = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    for (const [where, text] of Object.entries(texts))
      if (spellings.some((spelling) => text.includes(spelling))) leaks.push(`${where}: ${secret.slice(0, 8)}…`);
  }
  expect(leaks).toEqual([]);
});
