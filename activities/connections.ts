import type { Connection, ConnectionChange, ConnectionState, StateReason } from '../ports/connections.ts';
import type { AuthWay } from '../ports/connectors.ts';
import { isFault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { StreamChoice } from '../ports/tenants.ts';

export interface ConnectionRef {
  tenantId: TenantId;
  connectionId: ConnectionId;
}

/** What the connection's workflow knows of it, and callers see. Never a secret. */
export interface ConnectionView {
  state: ConnectionState;
  reason: StateReason | null;
  accountName: string | null;
  secretVersion: number;
  tokenExpiresAt: string | null;
  /** Asked for and not granted. */
  missingScopes: string[];
}

type Needs = Pick<Ports, 'connections' | 'connectors' | 'oauth' | 'oauthApps' | 'secrets' | 'audit'>;

/** How this connection was connected. Where nobody noted it there was one way: the connector's first. */
export const wayOf = (
  { connectors }: Pick<Ports, 'connectors'>,
  { connectorId, authMethod, settings }: Connection,
): AuthWay => ({ connectorId, methodId: authMethod ?? connectors.method(connectorId).id, settings });

/** What was asked for and not granted. Nothing is missing where the vendor does not say. */
export const missingOf = async (
  { connectors, oauthApps }: Pick<Ports, 'connectors' | 'oauthApps'>,
  { connectorId, methodId }: Pick<AuthWay, 'connectorId' | 'methodId'>,
  granted: string[] | null,
): Promise<string[]> => {
  if (granted === null) return [];
  const wanted = (await oauthApps.get(connectorId))?.scopes ?? connectors.method(connectorId, methodId).scopes;
  return wanted.filter((scope) => !granted.includes(scope));
};

export const viewOf = (connection: Connection, missingScopes: string[]): ConnectionView => ({
  state: connection.state,
  reason: connection.reason,
  accountName: connection.settings['accountName'] ?? null,
  secretVersion: connection.secretVersion,
  tokenExpiresAt: connection.tokenExpiresAt,
  missingScopes,
});

const goneAsNull = (error: unknown): null => {
  if (isFault(error, 'not_found')) return null;
  throw error;
};

export const createConnectionActivities = (ports: Needs) => {
  const { connections, connectors, oauth, secrets, audit } = ports;

  const view = async (connection: Connection): Promise<ConnectionView> =>
    viewOf(connection, await missingOf(ports, wayOf(ports, connection), connection.scopes));

  return {
    createConnection: async (tenantId: TenantId, id: ConnectionId, connectorId: string, sync: StreamChoice[]) => {
      const { category } = connectors.info(connectorId);
      await connections.create(tenantId, { id, connectorId, sync });
      return { category };
    },

    /** The cheapest real call with what is stored. */
    testConnection: async ({ tenantId, connectionId }: ConnectionRef): Promise<void> => {
      await connectors.test(await connections.get(tenantId, connectionId));
    },

    /** `since` names the change: when it was so for the first time. */
    markConnection: async (
      ref: ConnectionRef,
      change: ConnectionChange & { state: ConnectionState },
      { actor, since }: { actor: string; since: string },
    ): Promise<ConnectionView> => {
      const changed = await connections.change(ref.tenantId, ref.connectionId, change);
      await audit.append(ref.tenantId, {
        key: `connection/${ref.connectionId}/${change.state}/${since}`,
        actor,
        action: `connection.${change.state}`,
        resourceType: 'connection',
        resourceId: ref.connectionId,
        metadata: {
          connector: changed.connectorId,
          code: change.reason?.code ?? null,
          providerCode: change.reason?.providerCode ?? null,
          secretVersion: changed.secretVersion,
        },
      });
      return view(changed);
    },

    /** What those that wait for it must know; null when it is gone. */
    connectionState: async ({ tenantId, connectionId }: ConnectionRef): Promise<ConnectionState | null> =>
      (await connections.get(tenantId, connectionId).catch(goneAsNull))?.state ?? null,

    /** At the provider, with the newest that is stored. `nothing`: nothing is. */
    revokeGrant: async ({ tenantId, connectionId }: ConnectionRef): Promise<'revoked' | 'unsupported' | 'nothing'> => {
      const connection = await connections.get(tenantId, connectionId).catch(goneAsNull);
      const current = await secrets.read(connectionSecretPath(tenantId, connectionId));
      return connection && current ? oauth.revoke(wayOf(ports, connection), current.values) : 'nothing';
    },

    /** The end of a connection. Silent when its row is gone, or closed: a clean-up may come after another. */
    closeConnection: async (
      { tenantId, connectionId }: ConnectionRef,
      reason: StateReason,
    ): Promise<ConnectionView> => {
      const closed = { state: 'disconnected', reason, secretVersion: 0, tokenExpiresAt: null } as const;
      const before = await connections.get(tenantId, connectionId).catch(goneAsNull);
      if (before?.state === 'disconnected') return viewOf(before, []);
      const connection = before && (await connections.change(tenantId, connectionId, closed).catch(goneAsNull));
      if (!connection) return { ...closed, accountName: null, missingScopes: [] };
      await audit.append(tenantId, {
        key: `connection/${connectionId}/disconnected`,
        actor: 'connection',
        action: 'connection.disconnected',
        resourceType: 'connection',
        resourceId: connectionId,
        metadata: { connector: connection.connectorId, code: reason.code },
      });
      return viewOf(connection, []);
    },

    destroyCredential: ({ tenantId, connectionId }: ConnectionRef): Promise<void> =>
      secrets.destroy(connectionSecretPath(tenantId, connectionId)),
    removeConnection: ({ tenantId, connectionId }: ConnectionRef): Promise<void> =>
      connections.remove(tenantId, connectionId),
  };
};
