import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTestVault } from '../../scripts/lib/test-vault.ts';
import type { TestVault } from '../../scripts/lib/test-vault.ts';
import type { TenantId } from '../../ports/ids.ts';
import { openVaultAsk } from '../../scripts/lib/vault-ask.ts';
import type { VaultAsk } from '../../scripts/lib/vault-ask.ts';
import { setUpVault, wrappedSecretId } from '../../scripts/lib/vault-setup.ts';
import type { VaultPlan, VaultSetUp } from '../../scripts/lib/vault-setup.ts';
import { openGround } from '../testing/ground.ts';
import type { Ground } from '../testing/ground.ts';

/** What a process is told of a role: its variables, and what it finds in its files. */
interface Handed {
  role: VaultSetUp;
  env: {
    VAULT_ADDR: string;
    VAULT_ROLE_ID: string;
    VAULT_SECRET_ID_FILE: string;
    VAULT_WRAPPED_SECRET_ID_FILE: string;
  };
}

/** One request in the audit log, as Vault answered it. */
interface Audited {
  type: string;
  time: string;
  auth?: { metadata?: { role_name?: string } };
  request: { path: string; operation: string };
  error?: string;
}

/** A Vault of a test's own, set up by the shipped policies and nothing else. */
export interface PlatformVault extends AsyncDisposable {
  vault: TestVault;
  app: Handed;
  /** A role by `vault:init`, and a wrapped secret_id in a file; `name` is of its files. */
  handOut: (name: string, tenantId?: TenantId) => Promise<Handed>;
  auditLog: () => Promise<string>;
  /** What was answered so far. */
  audited: () => Promise<Audited[]>;
}

/** A deployment whose secrets are in such a Vault. */
export interface VaultGround extends PlatformVault {
  ground: Ground;
}

const OTHERS = { mount: 'secret', approle: 'approle' };

const handing =
  (vault: TestVault, ask: VaultAsk, role: VaultPlan['role']) => async (name: string, tenantId?: TenantId) => {
    const auditFile = path.join(vault.folder, 'audit.log');
    const made = await setUpVault(ask, { ...OTHERS, auditFile, tenantId: tenantId ?? null, ...(role && { role }) });
    const file = path.join(vault.folder, name);
    await writeFile(`${file}.wrapped`, await wrappedSecretId(ask, OTHERS.approle, made.role, '10m'));
    const files = { VAULT_SECRET_ID_FILE: file, VAULT_WRAPPED_SECRET_ID_FILE: `${file}.wrapped` };
    return { role: made, env: { VAULT_ADDR: vault.address, VAULT_ROLE_ID: made.roleId, ...files } };
  };

/** `role` over what vault:init sets, for tokens that live for seconds. */
export async function openPlatformVault(program: string, role?: VaultPlan['role']): Promise<PlatformVault> {
  await using opened = new AsyncDisposableStack();
  const vault = opened.use(await startTestVault(program, { bare: true }));
  const handOut = handing(vault, await openVaultAsk({ address: vault.address, token: vault.rootToken }), role);
  const app = await handOut('app');
  const auditLog = () => readFile(path.join(vault.folder, 'audit.log'), 'utf8');
  const audited = async () => {
    // The last line may still be on its way.
    const lines = (await auditLog()).split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Audited).filter(({ type }) => type === 'response');
  };
  const all = opened.move();
  return { vault, app, handOut, auditLog, audited, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export async function openVaultGround(program: string, role?: VaultPlan['role']): Promise<VaultGround> {
  await using opened = new AsyncDisposableStack();
  const platform = opened.use(await openPlatformVault(program, role));
  const ground = opened.use(await openGround({ env: { ...platform.app.env } }));
  const all = opened.move();
  return { ...platform, ground, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
