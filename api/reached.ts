import type { ConnectorCategory } from '../ports/connector-info.ts';
import type { Connection } from '../ports/connections.ts';
import type { ApiDeps } from './deps.ts';

/**
 * Through which of a tenant's connections agents reach a category of systems, as their tools choose: the first connector of it
 * that the tenant has, and of that the oldest connection.
 */
export const reachedIn = (
  { ports }: Pick<ApiDeps, 'ports'>,
  connections: Connection[],
  category: ConnectorCategory,
): Connection | null => {
  const open = connections
    .filter(({ state }) => state !== 'disconnected')
    .sort((one, other) => one.createdAt.localeCompare(other.createdAt));
  const [first] = ports.connectors
    .list()
    .filter((info) => info.category === category)
    .flatMap((info) => open.find(({ connectorId }) => connectorId === info.id) ?? []);
  return first ?? null;
};
