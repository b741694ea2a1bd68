import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TenantId } from '../../ports/ids.ts';
import { SetupError } from './say.ts';
import { until } from './until.ts';
import type { VaultAsk } from './vault-ask.ts';

const POLICIES = fileURLToPath(new URL('../vault/policies', import.meta.url));
export const APP_ROLE = 'bizosaas';
export const tenantRole = (tenantId: TenantId) => `${APP_ROLE}-tenant-${tenantId}`;

/** What a deployment's logins are worth. */
const ROLE = {
  token_no_default_policy: true,
  token_ttl: '1h',
  // Shorter than the overlap of a rotation: when the old secret_id goes, every process has logged in with the new one.
  token_max_ttl: '12h',
  // Twice the interval of its rotation: one that nobody rotates ends by itself.
  secret_id_ttl: '1440h',
  // 0: as often as processes start.
  secret_id_num_uses: 0,
};

/** Every write says which version it replaces. As many versions as a move from the files of development may bring. */
const KV = { max_versions: 100, cas_required: true };
const UPGRADE_MS = 30_000;

export interface VaultPlan {
  mount: string;
  approle: string;
  /** The file that Vault writes its audit log to, as Vault sees it. */
  auditFile: string;
  /** Null: the role of the platform's own processes. */
  tenantId: TenantId | null;
  /** Overrides of the role, for tests whose tokens live for seconds. */
  role?: Partial<typeof ROLE>;
}

export interface VaultSetUp {
  role: string;
  roleId: string;
  did: string[];
}

type Table = Record<string, { type?: string; options?: { version?: string } | null } | undefined>;
const tableOf = async (ask: VaultAsk, path: string) => ((await ask('GET', path))?.['data'] ?? {}) as Table;

const ensureKv = async (ask: VaultAsk, mount: string): Promise<string[]> => {
  const found = (await tableOf(ask, 'sys/mounts'))[`${mount}/`];
  if (found && (found.type !== 'kv' || found.options?.version !== '2')) {
    throw new SetupError(`The mount ${mount} holds something else than KV version 2: choose another by VAULT_MOUNT.`);
  }
  if (!found) await ask('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } });
  // A new mount answers nothing for a moment, while it is made into version 2.
  const set = await until(() => ask('POST', `${mount}/config`, KV).then(() => true), found ? 0 : UPGRADE_MS);
  if (!set) await ask('POST', `${mount}/config`, KV);
  return found ? [] : [`mounted KV version 2 at ${mount}`];
};

const ensureAppRole = async (ask: VaultAsk, approle: string): Promise<string[]> => {
  const found = (await tableOf(ask, 'sys/auth'))[`${approle}/`];
  if (found && found.type !== 'approle') {
    throw new SetupError(`auth/${approle} is no AppRole: choose another mount by VAULT_APPROLE_MOUNT.`);
  }
  if (!found) await ask('POST', `sys/auth/${approle}`, { type: 'approle' });
  return found ? [] : [`enabled AppRole at auth/${approle}`];
};

/** Two, as Vault answers nobody when it can write to none: a disk that is full then stops no deployment. */
const ensureAudit = async (ask: VaultAsk, auditFile: string): Promise<string[]> => {
  const there = await tableOf(ask, 'sys/audit');
  const wanted = { 'bizosaas-file': auditFile, 'bizosaas-stdout': 'stdout' };
  const missing = Object.entries(wanted).filter(([name]) => !there[`${name}/`]);
  for (const [name, file] of missing)
    await ask('PUT', `sys/audit/${name}`, { type: 'file', options: { file_path: file } });
  return missing.map(([name, file]) => `turned the audit device ${name} on (${file})`);
};

const ensurePolicy = async (ask: VaultAsk, file: string, name: string, words: Record<string, string>) => {
  const text = await readFile(`${POLICIES}/${file}.hcl`, 'utf8');
  const policy = text.replace(/\$\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole);
  const path = `sys/policies/acl/${name}`;
  const before = (await ask('GET', path))?.['data'] as { policy?: string } | undefined;
  if (before?.policy === policy) return [];
  await ask('POST', path, { policy });
  return [`wrote the policy ${name}`];
};

/**
 * Makes Vault what the platform needs: KV version 2, AppRole, audit devices, policies, one role. May be run again at any
 * time and changes only what differs; the role keeps its role_id.
 */
export const setUpVault = async (ask: VaultAsk, plan: VaultPlan): Promise<VaultSetUp> => {
  const { mount, approle, tenantId } = plan;
  const role = tenantId === null ? APP_ROLE : tenantRole(tenantId);
  const words = { mount, approle, role, ...(tenantId !== null && { tenant: tenantId }) };
  const did = [
    ...(await ensureAudit(ask, plan.auditFile)),
    ...(await ensureKv(ask, mount)),
    ...(await ensureAppRole(ask, approle)),
    ...(await ensurePolicy(ask, 'operator', `${APP_ROLE}-operator`, words)),
    ...(await ensurePolicy(ask, tenantId === null ? 'app' : 'tenant', role, words)),
  ];
  const path = `auth/${approle}/role/${role}`;
  await ask('POST', path, { ...ROLE, ...plan.role, token_policies: [role] });
  const { role_id: roleId } = ((await ask('GET', `${path}/role-id`))?.['data'] ?? {}) as { role_id?: string };
  if (roleId === undefined) throw new SetupError(`Vault gives no role_id for ${role}: run this again.`);
  return { role, roleId, did };
};

/** Whether somebody was given a secret_id of the role that has not ended. Wrapped, as the operator's policy asks; nobody unwraps it. */
export const hasSecretId = async (ask: VaultAsk, approle: string, role: string): Promise<boolean> =>
  (await ask('LIST', `auth/${approle}/role/${role}/secret-id`, undefined, '1s')) !== null;

/** A token that can be traded once, within `ttl`, for a new secret_id of the role: whoever comes second sees the theft. */
export const wrappedSecretId = async (ask: VaultAsk, approle: string, role: string, ttl: string): Promise<string> => {
  const made = await ask(
    'POST',
    `auth/${approle}/role/${role}/secret-id`,
    { metadata: '{"made_by":"vault:init"}' },
    ttl,
  );
  const { token } = (made?.['wrap_info'] ?? {}) as { token?: string };
  if (token === undefined) throw new SetupError('Vault did not wrap the secret_id: nothing is handed out.');
  return token;
};
