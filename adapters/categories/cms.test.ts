import { expect, test } from '@jest/globals';
import type { ReadQuery, Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { createCms } from './cms.ts';

const tenantId = '11111111-1111-4111-8111-111111111111' as TenantId;
const ROW = { externalId: '7', modifiedAt: null, title: 't', text: 'x', link: null, status: 'publish', slug: 's' };

function open(connected: string[], row: Row = ROW) {
  const asked: ReadQuery[] = [];
  const cms = createCms({
    connectors: {
      list: () => [
        { id: 'hubspot', category: 'crm' },
        { id: 'ghost', category: 'cms' },
        { id: 'wordpress', category: 'cms' },
      ],
      read: async (_tenant: TenantId, _id: string, _stream: string, query: ReadQuery) => {
        asked.push(query);
        return { rows: [row], nextCursor: 'n', total: 9, bytes: 1 };
      },
      readOne: async () => row,
    } as unknown as Ports['connectors'],
    connections: {
      byConnector: async (_tenant: TenantId, connectorId: string) => {
        if (connected.includes(connectorId)) return { id: connectorId };
        throw new Fault('not_found', 'none');
      },
    } as unknown as Ports['connections'],
  });
  return { cms, asked };
}

test('the tenant’s first connected CMS answers, newest first', async () => {
  const { cms, asked } = open(['wordpress', 'hubspot']);
  await expect(cms.list(tenantId, 'posts', { limit: 5 })).resolves.toEqual({ items: [ROW], nextCursor: 'n', total: 9 });
  await expect(cms.read(tenantId, 'posts', '7')).resolves.toEqual(ROW);
  expect(asked).toEqual([{ limit: 5, order: 'newest' }]);
});

test('without a CMS the tenant is told to connect one', async () => {
  await expect(open(['hubspot']).cms.list(tenantId, 'posts', { limit: 5 })).rejects.toMatchObject({
    code: 'not_connected',
  });
});

test('a row that lacks what all content has is not handed on', async () => {
  const { cms } = open(['wordpress'], { externalId: '7', modifiedAt: null });
  await expect(cms.read(tenantId, 'posts', '7')).rejects.toMatchObject({ code: 'provider_garbage' });
});
