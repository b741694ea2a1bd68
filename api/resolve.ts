import type { Connection } from '../ports/connections.ts';
import type { ConnectorInfo } from '../ports/connector-info.ts';
import { Fault } from '../ports/errors.ts';
import { ConnectionId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';

/** A connector by its name in a URL: what is not there is a 404, as everywhere. */
export const connectorNamed = ({ ports }: ApiDeps, id: string): ConnectorInfo => {
  try {
    return ports.connectors.info(id);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'unknown_connector') throw error;
    throw new Fault('not_found', `There is no connector ${id.slice(0, 60)}.`, { cause: error });
  }
};

/** The tenant's connection by its own id, or the tenant's default connection of a connector. */
export const connectionNamed = async (deps: ApiDeps, tenantId: TenantId, id: string): Promise<Connection> => {
  const { data } = ConnectionId.safeParse(id);
  if (data !== undefined) return deps.ports.connections.get(tenantId, data);
  return deps.ports.connections.byConnector(tenantId, connectorNamed(deps, id).id);
};

/** The connector that a connection's id or a connector's own name means; the second needs no connection. */
export const connectorOf = async (deps: ApiDeps, tenantId: TenantId, id: string): Promise<string> =>
  ConnectionId.safeParse(id).success
    ? (await connectionNamed(deps, tenantId, id)).connectorId
    : connectorNamed(deps, id).id;
