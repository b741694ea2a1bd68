import { MODELS } from '../../ports/categories.ts';
import type { CATEGORY_RESOURCES, CategoryPort, Resource, Unified } from '../../ports/categories.ts';
import type { Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import { inOwnWords } from '../../ports/questions.ts';
import { choose } from './choose.ts';
import type { Needs } from './choose.ts';

type Category = keyof typeof CATEGORY_RESOURCES;

export function createCategory<C extends Category>(
  category: C,
  needs: Needs,
): CategoryPort<(typeof CATEGORY_RESOURCES)[C][number]> {
  return {
    async place(of, resource) {
      const { connection, connector, stream } = await choose(needs, of, category, resource);
      return { connectionId: connection.id, connectorId: connection.connectorId, title: connector.title, stream };
    },
    async list(of, resource, query) {
      const { connection, connector, stream } = await choose(needs, of, category, resource);
      const question = inOwnWords({ title: connector.title, stream }, query);
      const page = await needs.connectors.read(of.tenantId, connection.id, stream.name, question);
      return {
        items: page.rows.map((row) => unified(resource, row)),
        unreadable: page.unreadable,
        nextCursor: page.nextCursor,
        total: page.total,
        connectionId: connection.id,
        connectorId: connection.connectorId,
      };
    },
    async read(of, resource, externalId, query) {
      const { connection, stream } = await choose(needs, of, category, resource);
      const row = await needs.connectors.readOne(of.tenantId, connection.id, stream.name, externalId, query);
      return unified(resource, row);
    },
  };
}

/** A row of a list that says it is of this resource, held to its word. */
function unified<R extends Resource>(resource: R, row: Row): Unified<R> {
  const checked = MODELS[resource].safeParse(row);
  if (checked.success) return checked.data as Unified<R>;
  throw new Fault('provider_garbage', `${row.externalId} lacks what all ${resource} have`);
}
