import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readEnv } from '../../adapters/env.ts';
import { aTenant } from '../../adapters/postgres/testing-data.ts';
import type { OpenSecrets } from '../../adapters/secrets/open.ts';
import { openSecrets } from '../../adapters/secrets/open.ts';
import { createStaging } from '../../adapters/secrets/staging.ts';
import { isFault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import { connectionSecretPath, tenantSecretPrefix } from '../../ports/secrets.ts';
import { aRunningConnection, authorizeHubspot, submitSite } from '../testing/connections.ts';
import { openVaultGround } from './vault-ground.ts';
import type { VaultGround } from './vault-ground.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 90_000;
const META = { class: 'credential', createdBy: 'test' } as const;

let opened: VaultGround;
let mine: TenantId;
let other: TenantId;
/** A process whose token is narrowed to the first tenant. */
let narrowed: OpenSecrets;
beforeAll(async () => {
  if (program === undefined) return;
  opened = await openVaultGround(program);
  const { ground, handOut } = opened;
  await ground.worker.start();
  [mine, other] = [await aTenant(ground.ports), await aTenant(ground.ports)];
  const { env } = await handOut('narrowed', mine);
  narrowed = openSecrets(readEnv({ NODE_ENV: 'test', DATABASE_URL: ground.env.database.url, ...env }));
}, LONG_MS);
afterAll(async () => {
  await narrowed?.[Symbol.asyncDispose]();
  await opened?.[Symbol.asyncDispose]();
});

withVault(
  'a process narrowed to one tenant works with what that tenant connected',
  async () => {
    const { ground } = opened;
    const connection = await aRunningConnection(ground, 'wordpress', { tenant: mine });
    await submitSite(ground, connection);
    const { secrets } = narrowed;
    const path = connectionSecretPath(mine, connection.connectionId);
    const whole = await ground.ports.secrets.read(path);
    expect(await secrets.read(path)).toEqual(whole);
    expect(await secrets.list(tenantSecretPrefix(mine))).toContain(path);
    await expect(secrets.put(path, whole?.version ?? 0, { a: 'renewed' }, META)).resolves.toBe(
      (whole?.version ?? 0) + 1,
    );
    const staging = createStaging(secrets);
    const workflowId = `connection:${mine}:${connection.connectionId}`;
    const ref = await staging.stage(workflowId, { a: 'typed' });
    expect(await ground.ports.staging.open(ref, workflowId)).toEqual({ a: 'typed' });
    expect(await staging.open(ref, workflowId)).toEqual({ a: 'typed' });
    await staging.discard(ref);
  },
  LONG_MS,
);

withVault(
  'everything outside its tenant’s path is refused, named by role and path, and nothing there is changed or told',
  async () => {
    const { ports } = opened.ground;
    const theirs = `tenants/${other}/connections/${randomUUID()}`;
    const canary = `canary-${randomUUID()}`;
    await ports.secrets.put(theirs, 0, { token: canary }, META);
    const staged = await ports.staging.stage(`connection:${other}:x`, { token: canary });
    const { secrets } = narrowed;
    const staging = createStaging(secrets);
    const attempts: [string, () => Promise<unknown>][] = [
      ['read', () => secrets.read(theirs)],
      ['put', () => secrets.put(theirs, 1, { token: 'mine now' }, META)],
      ['first put', () => secrets.put(`${theirs}0`, 0, { token: 'mine now' }, META)],
      ['generate', () => secrets.generate(`${theirs}1`, META)],
      ['describe', () => secrets.describe(theirs)],
      ['delete', () => secrets.delete(theirs)],
      ['destroyVersions', () => secrets.destroyVersions(theirs, [1])],
      ['destroy', () => secrets.destroy(theirs)],
      ['destroyAll', () => secrets.destroyAll(`tenants/${other}/`)],
      ['list', () => secrets.list(`tenants/${other}/`)],
      ['list of all', () => secrets.list('')],
      ['the platform’s', () => secrets.read('platform/payload-codec')],
      ['open', () => staging.open(staged, `connection:${other}:x`)],
      ['stage', () => staging.stage(`connection:${other}:x`, { a: '1' })],
      ['discard', () => staging.discard(staged)],
    ];
    for (const [what, attempt] of attempts) {
      const refused: unknown = await attempt().catch((error: unknown) => error);
      expect([what, isFault(refused, 'secrets_denied')]).toEqual([what, true]);
      expect((refused as Error).message).toContain(`bizosaas-tenant-${mine}`);
      expect((refused as Error).message).not.toContain(canary);
    }
    expect(await ports.secrets.read(theirs)).toMatchObject({ version: 1, values: { token: canary } });
    expect(await ports.secrets.list(`tenants/${other}/`)).toEqual([theirs]);
    expect(await ports.staging.open(staged, `connection:${other}:x`)).toEqual({ token: canary });
  },
  LONG_MS,
);

withVault(
  'with its audit devices on, Vault tells who touched which connection’s secret, and its log holds no token',
  async () => {
    const { ground, audited, auditLog } = opened;
    const connection = await aRunningConnection(ground, 'hubspot', { tenant: mine });
    await authorizeHubspot(ground, connection);
    const path = connectionSecretPath(mine, connection.connectionId);
    const kept = await ground.ports.secrets.read(path);
    const tokens = ['access_token', 'refresh_token'].map((name) => String(kept?.values[name]));
    expect(tokens.every((token) => token.length > 10)).toBe(true);
    const about = (await audited()).filter(({ request }) => request.path === `secret/data/${path}`);
    expect(about.map(({ auth }) => auth?.metadata?.role_name)).toEqual(about.map(() => 'bizosaas'));
    expect(about.map(({ request }) => request.operation)).toEqual(expect.arrayContaining(['create', 'read']));
    const log = await auditLog();
    for (const token of tokens) expect(log).not.toContain(token);
  },
  LONG_MS,
);
