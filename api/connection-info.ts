import { z } from 'zod';
import { Connection, ConnectionState, StateReason } from '../ports/connections.ts';

/** Where its secret lies is nobody's business outside. */
export const ConnectionInfo = Connection.omit({ vaultPath: true }).meta({ id: 'ConnectionInfo' });

export const ConnectionStatus = z
  .strictObject({
    id: z.uuid(),
    connectorId: z.string(),
    state: ConnectionState,
    reason: StateReason.nullable(),
    authMethod: z.string().nullable(),
    scopes: z.array(z.string()).nullable(),
    accountName: z.string().nullable(),
    tokenExpiresAt: z.iso.datetime().nullable(),
    lastSyncAt: z.iso.datetime().nullable(),
    syncStatus: z.string().nullable(),
  })
  .meta({ id: 'ConnectionStatus' });
export type ConnectionStatus = z.infer<typeof ConnectionStatus>;

export const info = ({ vaultPath: _, ...connection }: Connection) => connection;

export const statusOf = (connection: Connection): ConnectionStatus => ({
  id: connection.id,
  connectorId: connection.connectorId,
  state: connection.state,
  reason: connection.reason,
  authMethod: connection.authMethod,
  scopes: connection.scopes,
  accountName: connection.settings['accountName'] ?? null,
  tokenExpiresAt: connection.tokenExpiresAt,
  lastSyncAt: connection.lastSyncAt,
  syncStatus: connection.syncStatus,
});
