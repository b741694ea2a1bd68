import { z } from 'zod';
import { MODELS } from '../ports/categories.ts';
import type { Connection } from '../ports/connections.ts';
import { Fault } from '../ports/errors.ts';
import { Text } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import type { Asked } from '../ports/questions.ts';
import { PageQuery } from '../ports/tenants.ts';
import type { ApiDeps } from './deps.ts';
import { connectionNamed } from './resolve.ts';

export const Name = z.string().max(60);
/** As the system spells it: keys of object stores are long, and have slashes. */
export const ItemId = z.string().min(1).max(1200);
/** Holds where a system says that its next page begins. */
const CURSOR_MAX = 4096;

const FIELDS_MAX = 50;
const Fields = z
  .string()
  .max(2000)
  .transform((names) => names.split(',').filter((name) => name !== ''))
  .pipe(z.array(Name).min(1).max(FIELDS_MAX))
  .meta({ description: 'Names of fields, parted by commas; `externalId` and `modifiedAt` always come' });

/** Of one item. */
export const ItemQuery = z.strictObject({
  fields: Fields.optional(),
  native: z.stringbool().optional().meta({ description: 'Each row carries the system’s own item as well' }),
});

/** What every live list can be asked with. */
export const DataQuery = PageQuery.extend({
  ...ItemQuery.shape,
  cursor: z.string().max(CURSOR_MAX).optional(),
  since: z.iso.datetime().optional(),
  filter: z.record(Name, Text.max(200)).optional(),
  search: Text.min(1).max(200).optional(),
  order: z.literal('newest').optional(),
});

export interface StreamOfTenant extends Asked {
  connection: Connection;
}

/** The connection and its stream, when the connector has one of this name. */
export const streamNamed = async (
  deps: ApiDeps,
  tenantId: TenantId,
  id: string,
  resource: string,
): Promise<StreamOfTenant> => {
  const connection = await connectionNamed(deps, tenantId, id);
  const { streams, title } = deps.ports.connectors.info(connection.connectorId);
  const stream = streams.find(({ name }) => name === resource);
  if (stream === undefined) {
    const names = streams.map(({ name }) => name).join(', ');
    // A word that other systems know is a question that this one cannot answer; any other word is a wrong address.
    const code = Object.hasOwn(MODELS, resource) ? 'unsupported' : 'not_found';
    throw new Fault(code, `${title} has no ${resource.slice(0, 60)}; it has ${names}.`);
  }
  return { connection, stream, title };
};
