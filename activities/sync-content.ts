import type { Row } from '../ports/connectors.ts';
import type { Destination } from '../ports/tenants.ts';

/**
 * What of a record counts when it is asked whether it changed: all of it, or the fields that go into another system. There a
 * moment of change alone is none, or two systems that are kept in step would wake each other for ever.
 */
export const contentOf = ({ target }: Destination, row: Row): string =>
  JSON.stringify(target && 'fields' in target ? Object.values(target.fields).map((name) => row[name] ?? null) : row);
