import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Connection } from '../ports/connections.ts';
import { Fault } from '../ports/errors.ts';
import { ConnectionId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { connectionWorkflowId, MESSAGES, QUEUES, WORKFLOWS } from '../ports/operations.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import { connection } from '../workflows/connection.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import { openUpdate } from '../workflows/lib/connection-messages.ts';
import type { ApiDeps } from './deps.ts';
import { connectorNamed } from './resolve.ts';
import { openByUpdate } from './temporal.ts';
import { namedUuid } from './tokens.ts';

/** How often the chosen streams are synced when nobody says. */
const EVERY_MS = 60 * 60 * 1000;

interface Wanted {
  connectorId: string;
  sync?: StreamChoice[];
  everyMs?: number;
}

/** The connections of this connector that the tenant has or had, oldest first. */
const known = async ({ ports }: ApiDeps, tenantId: TenantId, connectorId: string): Promise<Connection[]> =>
  (await ports.connections.list(tenantId))
    .filter((it) => it.connectorId === connectorId)
    .sort((one, other) => one.createdAt.localeCompare(other.createdAt));

const isOpen = ({ state }: Connection) => state !== 'disconnected' && state !== 'disconnecting';

const open = async (deps: ApiDeps, tenantId: TenantId, id: ConnectionId, wanted: Wanted): Promise<Connection> => {
  const { connectorId, sync = [], everyMs = EVERY_MS } = wanted;
  const start = () =>
    new WithStartWorkflowOperation(connection, {
      workflowId: connectionWorkflowId(tenantId, id),
      taskQueue: QUEUES.operations,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ tenantId, connectionId: id, connectorId, sync, notify: null, everyMs }],
      typedSearchAttributes: searchAttributes({
        tenantId,
        operation: WORKFLOWS.connection,
        connectorId,
        connectionId: id,
      }),
    });
  await openByUpdate(deps.temporal, { start, definition: openUpdate, args: [], updateId: MESSAGES.open });
  return deps.ports.connections.get(tenantId, id);
};

/**
 * Opens one more. `after`: those that there were when it was found that one more is wanted. Its id comes from how many they
 * are, so that two requests at once open one and the same.
 */
const openAfter = (deps: ApiDeps, tenantId: TenantId, wanted: Wanted, after: Connection[], onceKey?: string | null) => {
  const name = `connection ${tenantId} ${wanted.connectorId} ${onceKey ?? after.length}`;
  return open(deps, tenantId, ConnectionId.parse(namedUuid(name)), wanted);
};

export const openConnection = async (deps: ApiDeps, tenantId: TenantId, wanted: Wanted, onceKey: string | null) =>
  openAfter(deps, tenantId, wanted, await known(deps, tenantId, wanted.connectorId), onceKey);

/**
 * The tenant's connection by its own id; or the default one of a connector, opened when there is none and `refuse` finds
 * nothing wrong with what was sent for it.
 */
export const ensureConnection = async (
  deps: ApiDeps,
  tenantId: TenantId,
  id: string,
  refuse: (connectorId: string) => void,
): Promise<Connection> => {
  const { data } = ConnectionId.safeParse(id);
  if (data !== undefined) return deps.ports.connections.get(tenantId, data);
  const connectorId = connectorNamed(deps, id).id;
  const all = await known(deps, tenantId, connectorId);
  const current = all.find(isOpen);
  if (current !== undefined) return current;
  refuse(connectorId);
  return openAfter(deps, tenantId, { connectorId }, all);
};

/** For who asks for a new one without saying that it is another: the default one while nobody has connected it yet. */
export const firstConnection = async (deps: ApiDeps, tenantId: TenantId, wanted: Wanted): Promise<Connection> => {
  const { connectorId } = wanted;
  const all = await known(deps, tenantId, connectorId);
  const current = all.find(isOpen);
  if (current === undefined) return openAfter(deps, tenantId, wanted, all);
  if (current.state === 'pending') return current;
  throw new Fault('conflict', `${connectorId} is connected already; say "new": true to connect another account.`, {
    fields: [{ path: 'connectorId', message: `there is connection ${current.id}` }],
  });
};
