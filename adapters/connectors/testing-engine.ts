import { z } from 'zod';
import type { RateBudgetPort } from '../../ports/budgets.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorPort, ReadPage, ReadQuery, Row } from '../../ports/connectors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { Row as AnyRow } from '../../ports/connectors.ts';
import { createEngine } from './engine.ts';
import type { EngineParts } from './engine.ts';
import { defineConnector } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { stream } from './streams.ts';
import type { Paging, Stream } from './streams.ts';
import type { Vendors } from './testing.ts';

export const tenantId = '11111111-1111-4111-8111-111111111111' as TenantId;
export const connectionId = '22222222-2222-4222-8222-222222222222' as ConnectionId;
export const AT = { tenantId, connectionId, stream: 'things' };

const Thing = z.object({
  id: z.union([z.int(), z.string()]).transform(String),
  at: z.string().nullable().default(null),
  name: z.string().default(''),
});

/** A vendor of things, at `api.vendor.test`. */
export const vendorOf = (streams: Record<string, Stream>, more: Partial<Manifest> = {}): Manifest =>
  defineConnector({
    id: 'vendor',
    title: 'The vendor',
    category: 'crm',
    docs: 'https://vendor.test/docs',
    auth: [
      {
        id: 'token',
        title: 'With a token',
        kind: 'api_key',
        fields: [],
        use: { in: 'header', name: 'authorization', template: 'Bearer {token}' },
      },
    ],
    base: 'https://api.vendor.test/v1',
    verify: {
      path: '/me',
      account: z.object({ accountId: z.string(), accountName: z.string(), settings: z.object({}) }),
    },
    errors: { code: 'code', rules: [] },
    streams,
    ...more,
  });

export const thingsBy = (paging: Paging, more: Partial<Omit<Stream, 'parse' | 'model'>> = {}): Stream =>
  stream({
    title: 'Things',
    text: false,
    path: '/things',
    query: {},
    filters: { kind: { param: 'type', values: ['a', 'b'] } },
    items: 'items',
    id: /^\w{1,40}$/,
    raw: Thing,
    row: AnyRow.extend({ name: z.string() }),
    map: ({ id, at, name }) => ({ externalId: id, modifiedAt: at, name }),
    paging,
    ...more,
  });

/** The engine with one connection to that vendor. */
export function engineAt(
  { http }: Vendors,
  manifest: Manifest,
  more: { budgets?: Pick<RateBudgetPort, 'take'>; objects?: NonNullable<EngineParts['objects']> } = {},
): ConnectorPort {
  const connection = {
    id: connectionId,
    tenantId,
    connectorId: 'vendor',
    authMethod: 'token',
    state: 'healthy',
    settings: {},
  };
  return createEngine({ vendor: manifest }, {
    http,
    connections: { get: async () => connection as unknown as Connection },
    secrets: { read: async () => ({ version: 1, values: { token: 'token-canary' } }) },
    workflows: {},
    ...more,
  } as unknown as EngineParts);
}

/** Reads to the end, as a sync does. */
export async function readAll(
  engine: ConnectorPort,
  query: Partial<ReadQuery> = {},
): Promise<{ rows: Row[]; pages: ReadPage[] }> {
  const pages: ReadPage[] = [];
  // A read that does not end is found out, not waited for.
  for (
    let cursor: string | null | undefined;
    cursor !== null && pages.length < 300;
    cursor = pages.at(-1)?.nextCursor ?? null
  ) {
    pages.push(await engine.read(tenantId, connectionId, 'things', { limit: 3, ...query, ...(cursor && { cursor }) }));
  }
  return { rows: pages.flatMap(({ rows }) => rows), pages };
}
