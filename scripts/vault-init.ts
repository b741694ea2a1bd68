// Prepares a Vault for the platform: npm run vault:init [-- --tenant <id>] [-- --secret-id]. See docs/vault.md.
import { parseArgs } from 'node:util';
import { TenantId } from '../ports/ids.ts';
import { fail, SetupError } from './lib/say.ts';
import { openVaultAsk } from './lib/vault-ask.ts';
import { hasSecretId, setUpVault, wrappedSecretId } from './lib/vault-setup.ts';

const WRAP_TTL = '30m';

const needed = (name: string, what: string): string => {
  const value = process.env[name];
  if (value) return value;
  throw new SetupError(`${name} is not set: set it to ${what}.`);
};

const readArgs = () => {
  try {
    const { values } = parseArgs({ options: { tenant: { type: 'string' }, 'secret-id': { type: 'boolean' } } });
    return { tenantId: values.tenant === undefined ? null : TenantId.parse(values.tenant), more: values['secret-id'] };
  } catch {
    throw new SetupError('npm run vault:init takes --tenant <the tenant’s id>, and --secret-id for a new secret_id.');
  }
};

/** Talk goes to stderr; what is to be kept, as `NAME=value`, to stdout. */
const run = async (): Promise<void> => {
  const { tenantId, more } = readArgs();
  const { VAULT_NAMESPACE, VAULT_CACERT, VAULT_MOUNT, VAULT_APPROLE_MOUNT, VAULT_AUDIT_FILE } = process.env;
  const ask = await openVaultAsk({
    address: needed('VAULT_ADDR', 'where Vault answers, for example https://vault.example:8200'),
    token: needed('VAULT_TOKEN', 'a token with the policy bizosaas-operator, or for the first run the root token'),
    namespace: VAULT_NAMESPACE || undefined,
    caFile: VAULT_CACERT || undefined,
  });
  const approle = VAULT_APPROLE_MOUNT || 'approle';
  const { role, roleId, did } = await setUpVault(ask, {
    mount: VAULT_MOUNT || 'secret',
    approle,
    auditFile: VAULT_AUDIT_FILE || '/vault/logs/audit.log',
    tenantId,
  });
  for (const line of did) console.error(`✓ ${line}`);
  console.error(`✓ the role ${role} is as it should be`);
  console.log(`VAULT_ROLE_ID=${roleId}`);
  if (!more && (await hasSecretId(ask, approle, role))) {
    console.error('A secret_id was handed out before and is still good; --secret-id makes another.');
    return;
  }
  console.log(`VAULT_WRAPPED_SECRET_ID=${await wrappedSecretId(ask, approle, role, WRAP_TTL)}`);
  console.error(`It works once and within ${WRAP_TTL}: put it into the file that VAULT_WRAPPED_SECRET_ID_FILE names.`);
};

try {
  await run();
} catch (error) {
  fail(error);
  process.exitCode = 1;
}
