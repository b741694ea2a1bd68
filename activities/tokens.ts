import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { SecretValues } from '../ports/secrets.ts';

export interface ConnectionRef {
  tenantId: TenantId;
  connectionId: ConnectionId;
}

const same = (a: SecretValues, b: SecretValues) =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

/** Keeps a connection's secret by compare-and-set, and is silent when an earlier attempt already stored just this. */
export const storeOnce =
  (secrets: Ports['secrets']) =>
  async ({ tenantId, connectionId }: ConnectionRef, values: SecretValues, secretClass: string): Promise<number> => {
    const path = connectionSecretPath(tenantId, connectionId);
    const current = await secrets.read(path);
    if (current && same(current.values, values)) return current.version;
    return secrets.put(path, current?.version ?? 0, values, {
      class: secretClass,
      createdBy: `connection:${connectionId}`,
    });
  };

type Needs = Pick<Ports, 'connections' | 'oauth' | 'secrets'>;

export const createTokenActivities = ({ connections, oauth, secrets }: Needs) => {
  const store = storeOnce(secrets);
  const hasCode = (error: unknown, code: string) => error instanceof Fault && error.code === code;

  /** When the answer may have been lost, the same refresh token is tried once more (DESIGN §5). */
  const refreshed = async (connectorId: string, current: SecretValues) => {
    try {
      return await oauth.refresh(connectorId, current);
    } catch (error) {
      if (!hasCode(error, 'lost_response')) throw error;
    }
    try {
      return await oauth.refresh(connectorId, current);
    } catch (error) {
      if (!hasCode(error, 'grant_revoked')) throw error;
      const message =
        'the answer to the last refresh was lost, and the vendor no longer takes the old token; connect again';
      throw new Fault('grant_revoked', message, { cause: error });
    }
  };

  return {
    /** One call to the provider for the generation `observedVersion`; a newer one that is already stored is the answer. */
    refreshToken: async (
      ref: ConnectionRef,
      connectorId: string,
      observedVersion: number,
    ): Promise<{ version: number; expiresAt: string | null }> => {
      const keep = async (version: number, expiresAt: string | null) => {
        await connections.change(ref.tenantId, ref.connectionId, { secretVersion: version, tokenExpiresAt: expiresAt });
        return { version, expiresAt };
      };
      const current = await secrets.read(connectionSecretPath(ref.tenantId, ref.connectionId));
      if (!current) throw new Fault('grant_revoked', 'no token is stored; connect again');
      if (current.version > observedVersion) return keep(current.version, current.values['expiresAt'] || null);
      const tokens = await refreshed(connectorId, current.values);
      return keep(await store(ref, tokens.values, 'oauth_tokens'), tokens.expiresAt);
    },
  };
};
