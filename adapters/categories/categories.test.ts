import { expect, test } from '@jest/globals';
import { CATEGORY_RESOURCES, MODELS } from '../../ports/categories.ts';
import type { CategoryPort, CategoryPorts, CategoryQuery, Resource } from '../../ports/categories.ts';
import type { ConnectionState } from '../../ports/connections.ts';
import type { ConnectorInfo, StreamInfo } from '../../ports/connector-info.ts';
import type { ReadQuery, Row } from '../../ports/connectors.ts';
import { ConnectionId, TenantId } from '../../ports/ids.ts';
import { createConnectors } from '../connectors/index.ts';
import { createCategories } from './index.ts';

const tenantId = TenantId.parse('11111111-1111-4111-8111-111111111111');
const idOf = (n: number) => ConnectionId.parse(`22222222-2222-4222-8222-${String(n).padStart(12, '0')}`);
const POST = { externalId: '7', modifiedAt: null, title: 't', text: 'x', link: null, status: 'publish', slug: 's' };

const streamOf = (model: string, more: Partial<StreamInfo> = {}): StreamInfo => ({
  ...{
    name: `the_${model}`,
    title: model,
    model,
    filters: [],
    search: null,
    incremental: null,
    reachMs: null,
    writes: [],
  },
  ...{ upload: false, text: false, syncs: true, complete: true, ...more },
});
const searchable = { filters: [{ name: 'q', values: null, required: false }], search: 'q' };
const SYSTEMS: Record<string, Pick<ConnectorInfo, 'category' | 'title' | 'streams'>> = {
  zoho: { category: 'crm', title: 'Zoho', streams: [streamOf('contacts'), streamOf('leads')] },
  pipes: { category: 'crm', title: 'Pipes', streams: [streamOf('contacts', searchable), streamOf('deals')] },
  press: { category: 'cms', title: 'Press', streams: [streamOf('posts', searchable)] },
  shop: { category: 'ecommerce', title: 'Shop', streams: [streamOf('products'), streamOf('posts')] },
  bare: { category: 'tasks', title: 'Bare', streams: [{ ...streamOf('x'), model: null }] },
};

/** A tenant with connections to these, oldest first, and what the connectors were asked. */
function open(connected: [connectorId: string, state?: ConnectionState][], row: Row = POST) {
  const asked: { id: ConnectionId; stream: string; query: ReadQuery | undefined }[] = [];
  const all = connected.map(([connectorId, state = 'healthy'], n) => ({ id: idOf(n), connectorId, state }));
  const infos = Object.entries(SYSTEMS).map(([id, info]) => ({ id, ...info }));
  const categories = createCategories({
    connectors: {
      list: () => infos,
      info: (id: string) => infos.find((info) => info.id === id),
      read: async (_tenant: TenantId, id: ConnectionId, stream: string, query: ReadQuery) => {
        asked.push({ id, stream, query });
        return { rows: [row], unreadable: [{ externalId: '8', reason: 'r' }], nextCursor: 'n', total: 9 };
      },
      readOne: async (_tenant: TenantId, id: ConnectionId, stream: string, _item: string, query?: ReadQuery) => {
        asked.push({ id, stream, query });
        return row;
      },
    } as never,
    connections: {
      list: async () => all,
      get: async (_tenant: TenantId, id: ConnectionId) => all.find((one) => one.id === id),
    } as never,
  });
  return { categories, asked };
}
const contact: Row = {
  ...{ externalId: '1', modifiedAt: null, firstName: 'A', lastName: null, email: null, phone: null, company: null },
};

test('every category has a port, and every resource of it a model; models have none', () => {
  const { llm, ...others } = CATEGORY_RESOURCES;
  expect(llm).toEqual([]);
  expect(Object.keys(open([]).categories).sort()).toEqual(Object.keys(others).sort());
  for (const resource of Object.values(others).flat()) expect(MODELS).toHaveProperty(resource);
});

test('the tenant’s system of the category answers, in that system’s own words', async () => {
  const { categories, asked } = open([['shop'], ['press']]);
  const query: CategoryQuery = { limit: 5, search: 'bread', native: true };
  await expect(categories.cms.list({ tenantId }, 'posts', query)).resolves.toEqual({
    ...{ items: [POST], unreadable: [{ externalId: '8', reason: 'r' }], nextCursor: 'n', total: 9 },
    ...{ connectionId: idOf(1), connectorId: 'press' },
  });
  await expect(categories.cms.read({ tenantId }, 'posts', '7', { native: true })).resolves.toEqual(POST);
  expect(asked).toEqual([
    { id: idOf(1), stream: 'the_posts', query: { limit: 5, native: true, filter: { q: 'bread' } } },
    { id: idOf(1), stream: 'the_posts', query: { native: true } },
  ]);
});

test('of several systems the oldest that has the resource answers; one that is out of order is not passed over', async () => {
  const { categories, asked } = open(
    [['zoho', 'pending'], ['pipes', 'disconnected'], ['zoho', 'reauth_required'], ['pipes']],
    contact,
  );
  await categories.crm.list({ tenantId }, 'contacts', { limit: 1 });
  await expect(categories.crm.list({ tenantId }, 'deals', { limit: 1 })).rejects.toMatchObject({
    code: 'provider_garbage',
  });
  expect(asked.map(({ id }) => id)).toEqual([idOf(2), idOf(3)]);
});

test('a named connection answers for itself, whatever its category', async () => {
  const { categories, asked } = open([['press'], ['shop']]);
  const of = { tenantId, connectionId: idOf(1) };
  await expect(categories.cms.read(of, 'posts', '7')).resolves.toEqual(POST);
  expect(asked[0]?.id).toBe(idOf(1));
  await expect(categories.cms.read(of, 'pages', '7')).rejects.toMatchObject({ code: 'unsupported' });
});

test('what a system lacks is said, and what it has', async () => {
  const { categories } = open([['zoho'], ['bare']], contact);
  const why = (port: keyof CategoryPorts, resource: Resource, query: CategoryQuery) =>
    (categories[port] as CategoryPort<Resource>).list({ tenantId }, resource, query).then(
      () => 'answered',
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );
  await expect(why('crm', 'deals', { limit: 1 })).resolves.toBe(
    'unsupported: Zoho has no deals here; it has contacts, leads',
  );
  await expect(why('tasks', 'boards', { limit: 1 })).resolves.toBe(
    'unsupported: Bare has no boards here; it has none of what its category has in common',
  );
  await expect(why('crm', 'contacts', { limit: 1, search: 'x' })).resolves.toMatch(/^unsupported: Zoho cannot search/);
  await expect(why('crm', 'contacts', { limit: 1, since: '2026-01-01T00:00:00Z' })).resolves.toMatch(
    /^unsupported: Zoho cannot say which/,
  );
  await expect(why('crm', 'contacts', { limit: 1, filter: { stage: 'x' } })).resolves.toBe(
    'invalid_request: Zoho cannot filter the_contacts like this.',
  );
  await expect(why('ads', 'campaigns', { limit: 1 })).resolves.toMatch(/^not_connected: no system for ads/);
});

test('a row that lacks what all of its resource have is not handed on', async () => {
  const { categories } = open([['press']], { externalId: '7', modifiedAt: null });
  await expect(categories.cms.read({ tenantId }, 'posts', '7')).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('what connectors call unified is a resource of a category', () => {
  const connectors = createConnectors({} as never);
  for (const { id, streams } of connectors.list()) {
    const strange = streams.flatMap(({ model }) => (model === null || Object.hasOwn(MODELS, model) ? [] : [model]));
    expect([id, strange]).toEqual([id, []]);
    const models = streams.flatMap(({ model }) => model ?? []);
    expect([id, models]).toEqual([id, [...new Set(models)]]);
  }
});
