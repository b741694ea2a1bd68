import { activityInfo } from '@temporalio/activity';
import type { Connection, ConnectionChange, ConnectionState, StateReason } from '../ports/connections.ts';
import type { VerifiedAccount } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { StagedRef } from '../ports/secrets.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import { storeOnce } from './tokens.ts';
import type { ConnectionRef } from './tokens.ts';

export type { ConnectionRef } from './tokens.ts';

/** What the connection's workflow knows of it, and callers see. Never a secret. */
export interface ConnectionView {
  state: ConnectionState;
  reason: StateReason | null;
  accountName: string | null;
  secretVersion: number;
  tokenExpiresAt: string | null;
}

type Needs = Pick<Ports, 'connections' | 'connectors' | 'oauth' | 'secrets' | 'staging' | 'audit'>;

const view = (connection: Connection): ConnectionView => ({
  state: connection.state,
  reason: connection.reason,
  accountName: connection.settings['accountName'] ?? null,
  secretVersion: connection.secretVersion,
  tokenExpiresAt: connection.tokenExpiresAt,
});

/** Only the workflow that a value was staged for can open it. */
const myWorkflowId = (): string => {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Fault('internal', 'staged credentials are opened from a workflow only');
  return workflowExecution.workflowId;
};

export const createConnectionActivities = ({ connections, connectors, oauth, secrets, staging, audit }: Needs) => {
  const store = storeOnce(secrets);

  const becomeHealthy = async (
    ref: ConnectionRef,
    account: VerifiedAccount,
    version: number,
    expiresAt: string | null,
  ): Promise<ConnectionView> => {
    const changed = await connections.change(ref.tenantId, ref.connectionId, {
      state: 'healthy',
      reason: null,
      settings: { ...account.settings, accountId: account.accountId, accountName: account.accountName },
      secretVersion: version,
      tokenExpiresAt: expiresAt,
    });
    await audit.append(ref.tenantId, {
      key: `connection/${ref.connectionId}/healthy/${version}`,
      actor: 'connection',
      action: 'connection.healthy',
      resourceType: 'connection',
      resourceId: ref.connectionId,
      metadata: { connector: changed.connectorId, secretVersion: version },
    });
    return view(changed);
  };

  return {
    createConnection: async (tenantId: TenantId, id: ConnectionId, connectorId: string, sync: StreamChoice[]) => {
      const { auth, category } = connectors.info(connectorId);
      await connections.create(tenantId, { id, connectorId, sync });
      return { kind: auth.kind, category };
    },

    /** Tests a staged manual credential by a real call, and only then keeps it. */
    connectByCredential: async (
      ref: ConnectionRef,
      connectorId: string,
      staged: StagedRef,
      settings: Record<string, string>,
    ): Promise<ConnectionView> => {
      const credential = await staging.open(staged, myWorkflowId());
      const account = await connectors.verify(connectorId, settings, credential);
      return becomeHealthy(ref, account, await store(ref, credential, 'credential'), null);
    },

    /** Exchanges a staged code, keeps the tokens at once (they cannot be had twice), then proves that they work. */
    connectByCode: async (ref: ConnectionRef, connectorId: string, staged: StagedRef): Promise<ConnectionView> => {
      const { code = '', verifier = '', redirectUri = '' } = await staging.open(staged, myWorkflowId());
      const tokens = await oauth.exchange(connectorId, { code, verifier, redirectUri });
      const version = await store(ref, tokens.values, 'oauth_tokens');
      const account = await connectors.verify(connectorId, {}, tokens.values);
      return becomeHealthy(ref, account, version, tokens.expiresAt);
    },

    discardStaged: (staged: StagedRef): Promise<void> => staging.discard(staged),

    /** The cheapest real call with what is stored. */
    testConnection: async ({ tenantId, connectionId }: ConnectionRef): Promise<void> => {
      await connectors.test(await connections.get(tenantId, connectionId));
    },

    markConnection: async (
      ref: ConnectionRef,
      change: ConnectionChange & { state: ConnectionState },
    ): Promise<ConnectionView> => {
      const changed = await connections.change(ref.tenantId, ref.connectionId, change);
      await audit.append(ref.tenantId, {
        key: `connection/${ref.connectionId}/${change.state}/${change.reason?.at ?? changed.secretVersion}`,
        actor: 'connection',
        action: `connection.${change.state}`,
        resourceType: 'connection',
        resourceId: ref.connectionId,
        metadata: {
          connector: changed.connectorId,
          code: change.reason?.code ?? null,
          providerCode: change.reason?.providerCode ?? null,
        },
      });
      return view(changed);
    },

    /** The end of a connection. Silent when its row is gone: a clean-up may come after another. */
    closeConnection: async (
      { tenantId, connectionId }: ConnectionRef,
      reason: StateReason,
    ): Promise<ConnectionView> => {
      const closed = { state: 'disconnected', reason, secretVersion: 0, tokenExpiresAt: null } as const;
      const gone = (error: unknown) => {
        if (error instanceof Fault && error.code === 'not_found') return null;
        throw error;
      };
      const connection = await connections.change(tenantId, connectionId, closed).catch(gone);
      if (!connection) return { ...closed, accountName: null };
      await audit.append(tenantId, {
        key: `connection/${connectionId}/disconnected`,
        actor: 'connection',
        action: 'connection.disconnected',
        resourceType: 'connection',
        resourceId: connectionId,
        metadata: { connector: connection.connectorId, code: reason.code },
      });
      return view(connection);
    },

    destroyCredential: ({ tenantId, connectionId }: ConnectionRef): Promise<void> =>
      secrets.destroy(connectionSecretPath(tenantId, connectionId)),
    removeConnection: ({ tenantId, connectionId }: ConnectionRef): Promise<void> =>
      connections.remove(tenantId, connectionId),
  };
};
