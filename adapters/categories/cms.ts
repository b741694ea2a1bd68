import { CmsItem } from '../../ports/connectors.ts';
import type { CmsPort, Row } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';

/** Any CMS of the tenant, asked in one way. */
export function createCms({ connectors, connections }: Pick<Ports, 'connectors' | 'connections'>): CmsPort {
  const connectionOf = async (tenantId: TenantId): Promise<ConnectionId> => {
    const candidates = new Set(
      connectors
        .list()
        .filter(({ category }) => category === 'cms')
        .map(({ id }) => id),
    );
    for (const connectorId of candidates) {
      const found = await connections.byConnector(tenantId, connectorId).catch(absent);
      if (found) return found.id;
    }
    throw new Fault('not_connected', 'no website is connected yet');
  };

  return {
    async list(tenantId, resource, query) {
      const id = await connectionOf(tenantId);
      const { rows, nextCursor, total } = await connectors.read(tenantId, id, resource, { order: 'newest', ...query });
      return { items: rows.map(unified), nextCursor, total };
    },
    async read(tenantId, resource, externalId) {
      return unified(await connectors.readOne(tenantId, await connectionOf(tenantId), resource, externalId));
    },
  };
}

function absent(error: unknown): undefined {
  if (isFault(error, 'not_found', 'not_connected')) return undefined;
  throw error;
}

function unified(row: Row): CmsItem {
  const checked = CmsItem.safeParse(row);
  if (checked.success) return checked.data;
  throw new Fault('provider_garbage', `content ${row.externalId} lacks what all content has`);
}
