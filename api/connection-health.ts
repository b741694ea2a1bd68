import { z } from 'zod';
import { BudgetUse } from '../ports/budgets.ts';
import type { Connection } from '../ports/connections.ts';
import { ConnectionState, StateReason } from '../ports/connections.ts';
import { ProviderHealth } from '../ports/connectors.ts';
import type { TenantId } from '../ports/ids.ts';
import { SyncRun } from '../ports/syncs.ts';
import type { ApiDeps } from './deps.ts';

const Trouble = z.strictObject({
  what: z.enum(['connection', 'sync', 'system']),
  message: z.string(),
  at: z.iso.datetime(),
});

export const ConnectionHealth = z
  .strictObject({
    connectionId: z.uuid(),
    connectorId: z.string(),
    health: z.enum(['healthy', 'degraded', 'down', 'not_connected']).meta({
      description: 'degraded: it works, and something went wrong; down: nothing comes from the system now.',
    }),
    state: ConnectionState,
    reason: StateReason.nullable(),
    lastSync: SyncRun.nullable().meta({ description: 'The newest run, of whichever stream.' }),
    lastSyncAt: z.iso.datetime().nullable().meta({ description: 'When a run last ended well.' }),
    lastError: Trouble.nullable().meta({ description: 'The newest trouble that still stands.' }),
    hosts: z.array(ProviderHealth).meta({
      description: 'Hosts of the system that have failed since they last answered, as this process of the API saw it.',
    }),
    limits: z
      .array(BudgetUse)
      .meta({ description: 'What this connection has in use; empty: nothing was asked of late.' }),
  })
  .meta({ id: 'ConnectionHealth' });
type ConnectionHealth = z.infer<typeof ConnectionHealth>;
type Trouble = z.infer<typeof Trouble>;

const USABLE: readonly Connection['state'][] = ['healthy', 'degraded', 'suspect'];

/** All that says how a connection fares, from what is kept: the system itself is not asked. */
export async function healthOf(
  { ports }: ApiDeps,
  tenantId: TenantId,
  connection: Connection,
): Promise<ConnectionHealth> {
  const { id, connectorId, state, reason, lastSyncAt } = connection;
  const [runs, limits] = await Promise.all([ports.syncs.list(tenantId, id), ports.budgets.usage(connectorId, id)]);
  const [lastSync = null] = runs.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  const hosts = ports.connectors.health(connectorId, connection);
  const troubles: Trouble[] = hosts.map(({ reason: message, since }) => ({ what: 'system', message, at: since }));
  if (lastSync?.state === 'failed') {
    troubles.push({ what: 'sync', message: lastSync.reason ?? 'failed', at: lastSync.endedAt ?? lastSync.startedAt });
  }
  if (reason && state !== 'healthy') troubles.push({ what: 'connection', message: reason.message, at: reason.lastAt });
  const [lastError = null] = troubles.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const isDown = state === 'reauth_required' || hosts.some((host) => host.state !== 'closed');
  const works = state === 'healthy' && lastError === null && limits.every(({ blockedUntil }) => blockedUntil === null);
  const health = isDown ? 'down' : !USABLE.includes(state) ? 'not_connected' : works ? 'healthy' : 'degraded';
  return { connectionId: id, connectorId, health, state, reason, lastSync, lastSyncAt, lastError, hosts, limits };
}
