import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { freePort } from '../../../scripts/lib/ports.ts';
import { spawnVault } from '../../../scripts/lib/test-vault.ts';
import { until } from '../../../scripts/lib/until.ts';
import type { VaultAnswer } from './answer.ts';
import { openVault } from './client.ts';
import type { VaultOptions } from './client.ts';
import { createLogin } from './login.ts';
import { vaultSecrets } from './secrets.ts';
import { openPath } from './testing.ts';
import type { Call, Fate } from './testing.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const TOKEN = 'hvs.canary-token';
const SECRET_ID = 'canary-secret-id';
const meta = { class: 'credential', createdBy: 'test' } as const;

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const open = (address: string, given: Partial<VaultOptions> = {}) => {
  const client = opened.use(
    openVault({
      address,
      namespace: null,
      caFile: null,
      appRoleMount: 'approle',
      roleId: 'the-role',
      secretId: SECRET_ID,
      secretIdFile: null,
      wrappedSecretIdFile: null,
      attemptMs: 300,
      ...given,
    }),
  );
  return { client, secrets: vaultSecrets(client, 'secret') };
};

const login: Fate = { status: 200, body: { auth: { client_token: TOKEN, lease_duration: 0, renewable: false } } };

/** A server in Vault's place: logins work, all else meets its fate. */
const aVault = async (fate: (call: Call, nth: number) => Fate, given: Partial<VaultOptions> = {}) => {
  const path = opened.use(await openPath(null));
  let nth = 0;
  path.meet((call) => (call.path.includes('/login') ? login : fate(call, (nth += 1))));
  const asked = () => path.calls.filter((call) => call.path.startsWith('secret/'));
  return { path, asked, ...open(path.address, given) };
};

const held = {
  data: { values: { a: '1' }, meta: { ...meta, createdAt: '2026-01-01T00:00:00.000Z' } },
  metadata: { version: 3 },
};
const found: Fate = { status: 200, body: { data: held } };

const faultOf = async (work: Promise<unknown>): Promise<{ code: string; message: string }> => {
  const fault = await work.then(
    () => ({ code: 'none', message: 'it worked' }),
    (error: { code: string; message: string }) => error,
  );
  // Whatever went wrong, nothing of what was sent is in what is thrown.
  expect(inspect(fault, { depth: 9 })).not.toMatch(/canary/);
  return fault;
};

test.each<[string, Fate, number, RegExp]>([
  ['429: asked too often', { status: 429, body: { errors: ['rate limit quota exceeded'] } }, 4, /limits how often/],
  ['500: Vault cannot write its audit log', { status: 500, body: { errors: ['no audit backend'] } }, 4, /answers 500/],
  ['502 of what stands between, in HTML', { status: 502, body: '<html>Bad Gateway</html>' }, 4, /answers 502/],
  ['503 of what stands between', { status: 503 }, 4, /answers 503/],
  ['503 sealed', { status: 503, body: { errors: ['Vault is sealed'] } }, 1, /is sealed.*unseal/],
  ['473: a standby', { status: 473, body: { errors: [] } }, 4, /stands by/],
  [
    '500: a standby without an active one',
    { status: 500, body: { errors: ['local node not active but active cluster node not found'] } },
    4,
    /stands by/,
  ],
  ['501: not initialised', { status: 501, body: { errors: [] } }, 1, /not initialised/],
  ['404 with words: no such mount', { status: 404, body: { errors: ['no handler for route'] } }, 1, /VAULT_MOUNT/],
  ['another server in its place', { status: 200, body: '<html>Welcome</html>' }, 1, /is no Vault/],
  ['an answer of another form', { status: 200, body: { data: { odd: true } } }, 1, /KV version 2/],
  ['cut', 'cut', 4, /cannot be reached/],
  ['no answer', 'hang', 4, /took too long/],
])(
  'C9: %s: fails closed, after a bounded number of tries, with a sentence of its own',
  async (_, fate, tries, says) => {
    const { secrets, asked } = await aVault(() => fate);
    const fault = await faultOf(secrets.read('platform/x'));
    expect(fault.code).toBe('unavailable');
    expect(fault.message).toMatch(says);
    expect(asked()).toHaveLength(tries);
  },
);

test.each<[string, Fate]>([
  ['429', { status: 429, headers: { 'retry-after': '0' } }],
  ['500', { status: 500, body: { errors: ['internal error'] } }],
  ['412: not there yet', { status: 412 }],
  [
    '400 while the store prepares itself',
    { status: 400, body: { errors: ['Upgrading from non-versioned to versioned data.'] } },
  ],
  ['cut', 'cut'],
  ['no answer', 'hang'],
])('C9: %s once: tried again, and nobody notices', async (_, fate) => {
  const { secrets, asked } = await aVault((_call, nth) => (nth === 1 ? fate : found));
  await expect(secrets.read('platform/x')).resolves.toMatchObject({ version: 3, values: { a: '1' } });
  expect(asked()).toHaveLength(2);
});

test('C9: nobody there: told within a second or two, and not by the secret that was to be written', async () => {
  const { secrets } = open(`http://127.0.0.1:${await freePort()}`);
  const fault = await faultOf(secrets.put('platform/x', 0, { token: 'canary-value' }, meta));
  expect(fault.code).toBe('unavailable');
  expect(fault.message).toContain('ECONNREFUSED');
});

test('C10: a refused login is not tried again with the same secret_id, and names the role alone', async () => {
  const path = opened.use(await openPath(null));
  path.meet(() => ({ status: 400, body: { errors: ['invalid role or secret ID'] } }));
  const { secrets } = open(path.address);
  const faults = await Promise.all(Array.from({ length: 5 }, () => faultOf(secrets.read('platform/x'))));
  faults.push(await faultOf(secrets.health()));
  expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['secrets_denied']));
  expect(faults[0]?.message).toContain('the-role');
  expect(path.calls).toHaveLength(1);
});

test('C10: callers who find the same token dead in the same moment share one login', async () => {
  let entered = 0;
  const ask = async (): Promise<VaultAnswer> => {
    entered += 1;
    return { status: 200, errors: [], auth: { client_token: `t${entered}`, lease_duration: 60, renewable: false } };
  };
  const login = createLogin({ roleId: 'the-role', appRoleMount: 'approle', secretId: async () => SECRET_ID, ask });
  const tokens = await Promise.all([login.token(), login.token()]);
  const next = await Promise.all(tokens.map((dead) => login.after(dead)));
  expect([...tokens, ...next].map(({ value }) => value)).toEqual(['t1', 't1', 't2', 't2']);
  // Who comes later with the dead one gets what is there by now.
  await expect(login.after(tokens[0])).resolves.toMatchObject({ value: 't2' });
  await login.close();
});

test('C9: a login that Vault cannot do now is no refusal: the next caller tries again', async () => {
  const path = opened.use(await openPath(null));
  path.meet(() => ({ status: 503, body: { errors: ['Vault is sealed'] } }));
  const { secrets } = open(path.address);
  await expect(secrets.read('platform/x')).rejects.toMatchObject({ code: 'unavailable' });
  path.meet((call) => (call.path.includes('/login') ? login : found));
  await expect(secrets.read('platform/x')).resolves.toMatchObject({ version: 3 });
});

test('a standby’s word where the active one is is followed once, with the token, and never out of TLS', async () => {
  const active = await aVault(() => found);
  const location = `${active.path.address}/v1/secret/data/platform/x`;
  const standby = await aVault(() => ({ status: 307, headers: { location } }));
  await expect(standby.secrets.read('platform/x')).resolves.toMatchObject({ version: 3 });
  expect(active.asked()[0]?.headers['x-vault-token']).toBe(TOKEN);

  const elsewhere = await aVault(() => ({ status: 307, headers: { location: location.replace('http:', 'https:') } }));
  expect((await faultOf(elsewhere.secrets.read('platform/x'))).message).toContain('answers 307');
  const round = await aVault(() => ({ status: 307, headers: { location: `${round.path.address}/v1/secret/data/y` } }));
  await expect(round.secrets.read('platform/x')).rejects.toMatchObject({ code: 'unavailable' });
  expect(round.asked()).toHaveLength(2);
});

test('every request is in the namespace that was given, and in none otherwise', async () => {
  const inTeam = await aVault(() => found, { namespace: 'team/a' });
  await inTeam.secrets.read('platform/x');
  expect(inTeam.path.calls.map(({ headers }) => headers['x-vault-namespace'])).toEqual(['team/a', 'team/a']);
  const inNone = await aVault(() => found);
  await inNone.secrets.read('platform/x');
  expect(inNone.path.calls.map(({ headers }) => headers['x-vault-namespace'])).toEqual([undefined, undefined]);
});

test('no secret goes by a proxy of the environment', async () => {
  const proxy = opened.use(await openPath(null));
  const before = process.env.http_proxy;
  process.env.http_proxy = proxy.address;
  try {
    const { secrets } = await aVault(() => found);
    await secrets.read('platform/x');
  } finally {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
  expect(proxy.calls).toHaveLength(0);
});

test('a Vault that answers no more keeps no process from ending', async () => {
  const { path, client, secrets } = await aVault(() => found, { attemptMs: 60_000 });
  await secrets.read('platform/x');
  path.meet(() => 'hang');
  const began = Date.now();
  await client[Symbol.asyncDispose]();
  expect(path.count('revoke-self')).toBe(1);
  expect(Date.now() - began).toBeLessThan(20_000);
});

withVault('a certificate is trusted by the authority given, and by no other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'biz-vault-tls-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const listen = [
    `-dev-listen-address=127.0.0.1:${port}`,
    '-dev-tls',
    `-dev-tls-cert-dir=${folder}`,
    '-dev-root-token-id=root',
  ];
  const server = await spawnVault([String(program), 'server', '-dev', '-dev-no-store-token', ...listen], folder);
  opened.defer(server.end);
  const address = `https://127.0.0.1:${port}`;
  const caFile = join(folder, 'vault-ca.pem');
  const health = (given: Partial<VaultOptions>) =>
    open(address, { attemptMs: 2500, ...given }).client.request('GET', 'sys/health', undefined, { token: 'none' });
  expect(await until(() => health({ caFile }).then(() => true), 30_000)).toBe(true);

  const untrusted = await faultOf(health({}));
  expect(untrusted).toMatchObject({ code: 'unavailable' });
  expect(untrusted.message).toContain('VAULT_CACERT');
  await expect(health({ caFile: join(folder, 'nothing') })).rejects.toThrow('cannot be read');
  await writeFile(join(folder, 'other.pem'), 'no certificate');
  await expect(health({ caFile: join(folder, 'other.pem') })).rejects.toMatchObject({ code: 'unavailable' });
});
