import { activityInfo } from '@temporalio/activity';
import type { Connection, ConnectionChange, ConnectionState, StateReason } from '../ports/connections.ts';
import type { TokenSet, VerifiedAccount } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { SecretValues, StagedRef } from '../ports/secrets.ts';
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
}

type Needs = Pick<Ports, 'connections' | 'connectors' | 'oauth' | 'secrets' | 'staging' | 'audit'>;

const view = (connection: Connection): ConnectionView => ({
  state: connection.state,
  reason: connection.reason,
  accountName: connection.settings['accountName'] ?? null,
  secretVersion: connection.secretVersion,
  tokenExpiresAt: connection.tokenExpiresAt,
});

const same = (a: SecretValues, b: SecretValues) =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

/** Only the workflow that a value was staged for can open it. */
const myWorkflowId = (): string => {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Fault('internal', 'staged credentials are opened from a workflow only');
  return workflowExecution.workflowId;
};

export const createConnectionActivities = ({ connections, connectors, oauth, secrets, staging, audit }: Needs) => {
  /** Compare-and-set, and silent when an earlier attempt already stored just this. */
  const store = async (
    { tenantId, connectionId }: ConnectionRef,
    values: SecretValues,
    secretClass: string,
  ): Promise<number> => {
    const path = connectionSecretPath(tenantId, connectionId);
    const current = await secrets.read(path);
    if (current && same(current.values, values)) return current.version;
    return secrets.put(path, current?.version ?? 0, values, {
      class: secretClass,
      createdBy: `connection:${connectionId}`,
    });
  };

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

  const keepTokens = (ref: ConnectionRef, tokens: TokenSet) => store(ref, tokens.values, 'oauth_tokens');

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
      const version = await keepTokens(ref, tokens);
      const account = await connectors.verify(connectorId, {}, tokens.values);
      return becomeHealthy(ref, account, version, tokens.expiresAt);
    },

    discardStaged: (staged: StagedRef): Promise<void> => staging.discard(staged),

    /**
     * One call to the provider for the generation `observedVersion`; a newer one that is already stored is the answer.
     * When the answer may have been lost, the same refresh token is tried once more (DESIGN §5).
     */
    refreshToken: async (
      ref: ConnectionRef,
      connectorId: string,
      observedVersion: number,
    ): Promise<{ version: number; expiresAt: string | null }> => {
      const current = await secrets.read(connectionSecretPath(ref.tenantId, ref.connectionId));
      if (!current) throw new Fault('grant_revoked', 'no token is stored; connect again');
      if (current.version > observedVersion) {
        const known = await connections.change(ref.tenantId, ref.connectionId, {
          secretVersion: current.version,
          tokenExpiresAt: current.values['expiresAt'] || null,
        });
        return { version: known.secretVersion, expiresAt: known.tokenExpiresAt };
      }
      const tokens = await oauth.refresh(connectorId, current.values).catch(async (error: unknown) => {
        if (!(error instanceof Fault && error.code === 'lost_response')) throw error;
        return oauth.refresh(connectorId, current.values).catch((second: unknown) => {
          if (second instanceof Fault && second.code === 'grant_revoked') {
            throw new Fault(
              'grant_revoked',
              'the answer to the last refresh was lost, and the vendor no longer takes the old token; connect again',
              { cause: second },
            );
          }
          throw second;
        });
      });
      const version = await keepTokens(ref, tokens);
      await connections.change(ref.tenantId, ref.connectionId, {
        secretVersion: version,
        tokenExpiresAt: tokens.expiresAt,
      });
      return { version, expiresAt: tokens.expiresAt };
    },

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
