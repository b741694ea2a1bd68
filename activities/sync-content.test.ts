import { expect, test } from '@jest/globals';
import type { ConnectionId } from '../ports/ids.ts';
import { contentOf } from './sync-content.ts';

const row = { externalId: '7', modifiedAt: '2026-01-01T00:00:00.000Z', email: 'ada@bakery.test', note: 'first' };
const target = { connectionId: '' as ConnectionId, stream: 'contacts', fields: { email: 'email' }, key: 'email' };

test.each([
  ['every change of a record is one for the tenant’s own store', { sink: 'store' } as const, true],
  ['a change of what does not go there is none for another system', { sink: 'connection', target } as const, false],
])('%s', (_what, to, changes) => {
  const later = { ...row, modifiedAt: '2026-01-02T00:00:00.000Z', note: 'second' };
  expect(contentOf(to, later) !== contentOf(to, row)).toBe(changes);
  expect(contentOf(to, { ...row, email: 'grace@bakery.test' })).not.toBe(contentOf(to, row));
});
