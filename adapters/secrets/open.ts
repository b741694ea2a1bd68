import type { SecretMovePort, SecretPort } from '../../ports/secrets.ts';
import type { Env } from '../env.ts';
import { envSecrets } from './env.ts';
import { movingSecrets, noMove, stillHere } from './moving.ts';
import type { SecretStore } from './store.ts';
import type { VaultClient } from './vault/client.ts';
import { openVault } from './vault/client.ts';
import { vaultSecrets } from './vault/secrets.ts';

export interface OpenSecrets extends AsyncDisposable {
  secrets: SecretPort;
  secretMove: SecretMovePort;
  /** For what is Vault's own, such as the rotation of our secret_id; null with files alone. */
  vault: VaultClient | null;
}

/** The store that the environment names, and no other: when it is away, its secrets are. Nothing is asked of it yet. */
export const openSecrets = ({
  secrets: env,
  dataDir,
  mode,
}: Pick<Env, 'secrets' | 'dataDir' | 'mode'>): OpenSecrets => {
  const files = () => envSecrets({ dir: dataDir, key: env.key ?? undefined, environment: mode, given: env.given });
  const vault = env.vault && openVault(env.vault);
  const inVault: SecretStore | null = vault && env.vault && vaultSecrets(vault, env.vault.mount);
  const close = async () => void (await vault?.[Symbol.asyncDispose]());
  const opened = { vault, [Symbol.asyncDispose]: close };
  if (inVault === null) return { ...opened, secrets: stillHere(files()), secretMove: noMove };
  if (env.store === 'vault') return { ...opened, secrets: inVault, secretMove: noMove };
  const { secrets, move } = movingSecrets(files(), inVault);
  return { ...opened, secrets, secretMove: move };
};
