import type { Ports } from '../../ports/index.ts';
import type { VendorKeys } from '../connectors/keys.ts';
import type { Env } from '../env.ts';
import type { HttpClient } from '../http/client.ts';
import { loginRoles } from '../postgres/login-roles.ts';
import type { VaultClient } from '../secrets/vault/client.ts';
import { databasePassword } from './database-password.ts';
import type { Rotators } from './index.ts';
import { jwtSigningKey } from './jwt-signing-key.ts';
import { oauthClientSecret } from './oauth-client-secret.ts';
import { payloadCodecKey } from './payload-codec-key.ts';
import { ownRole } from './vault-role.ts';
import { vaultSecretIdRotator } from './vault-secret-id.ts';
import { vendorApiKey } from './vendor-api-key.ts';
import { webhookSigningSecret } from './webhook-signing-secret.ts';

type Known = Pick<
  Ports,
  'secrets' | 'connections' | 'connectors' | 'oauth' | 'oauthApps' | 'channels' | 'workflows' | 'hash'
>;

interface Parts extends Known {
  env: Pick<Env, 'database' | 'secrets' | 'api'>;
  /** The guarded one. */
  http: HttpClient;
  keys: VendorKeys;
  /** Null: secrets are in files, and there is no secret_id. */
  vault: VaultClient | null;
}

/** The rotators that this deployment has a use of. */
export const openRotators = ({ env, http, keys, vault, ...ports }: Parts): Rotators => {
  const { url, adminUrl } = env.database;
  const login = env.secrets.vault;
  return {
    oauth_client_secret: oauthClientSecret(ports),
    webhook_signing_secret: webhookSigningSecret({ ...ports, http, publicUrl: env.api.publicUrl }),
    vendor_api_key: vendorApiKey({ ...ports, keys }),
    database_password: databasePassword({
      secrets: ports.secrets,
      url,
      roles: adminUrl === url ? null : loginRoles(adminUrl),
    }),
    payload_codec_key: payloadCodecKey(ports),
    jwt_signing_key: jwtSigningKey(ports),
    ...(vault !== null &&
      login !== null && {
        vault_secret_id: vaultSecretIdRotator({
          ...{ role: ownRole(vault), secrets: ports.secrets },
          ...{ secretIdFile: login.secretIdFile, secretId: login.secretId },
        }),
      }),
  };
};
