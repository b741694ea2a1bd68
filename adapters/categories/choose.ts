import type { Of, Resource } from '../../ports/categories.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorCategory, ConnectorInfo, StreamInfo } from '../../ports/connector-info.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';

export type Needs = Pick<Ports, 'connectors' | 'connections'>;

interface Chosen {
  connection: Connection;
  connector: ConnectorInfo;
  /** The system's own list of the resource. */
  stream: StreamInfo;
}

/** Never connected yet, or not any more. */
const AWAY = new Set<Connection['state']>(['pending', 'disconnecting', 'disconnected']);

/** Which connection of the tenant answers, and by which of its lists. `not_connected`, or `unsupported` that says what there is. */
export async function choose(
  { connectors, connections }: Needs,
  { tenantId, connectionId }: Of,
  category: ConnectorCategory,
  resource: Resource,
): Promise<Chosen> {
  const systems: Omit<Chosen, 'stream'>[] = [];
  if (connectionId === undefined) {
    const ofCategory = new Map(
      connectors.list().flatMap((info) => (info.category === category ? [[info.id, info]] : [])),
    );
    for (const connection of await connections.list(tenantId)) {
      const connector = ofCategory.get(connection.connectorId);
      if (connector && !AWAY.has(connection.state)) systems.push({ connection, connector });
    }
    if (systems.length === 0)
      throw new Fault('not_connected', `no system for ${category} is connected yet; connect one`);
  } else {
    const connection = await connections.get(tenantId, connectionId);
    systems.push({ connection, connector: connectors.info(connection.connectorId) });
  }
  for (const system of systems) {
    const stream = system.connector.streams.find(({ model }) => model === resource);
    if (stream) return { ...system, stream };
  }
  throw new Fault('unsupported', systems.map(({ connector }) => lacks(connector, resource)).join('; '));
}

const lacks = ({ title, streams }: ConnectorInfo, resource: Resource): string => {
  const has = streams.flatMap(({ model }) => model ?? []);
  return `${title} has no ${resource} here; it has ${has.join(', ') || 'none of what its category has in common'}`;
};
