import { z } from 'zod';
import { BEARER } from '../../adapters/connectors/auth-methods.ts';
import { createEngine } from '../../adapters/connectors/engine.ts';
import type { EngineParts } from '../../adapters/connectors/engine.ts';
import { defineConnector } from '../../adapters/connectors/manifest.ts';
import { stream } from '../../adapters/connectors/streams.ts';
import { createHttp } from '../../adapters/http/client.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorPort } from '../../ports/connectors.ts';

const text = z.string().nullable();

/** A connector of the source, as one of a real system would be declared. */
const source = (base: string) =>
  defineConnector({
    id: 'bench',
    title: 'Bench',
    category: 'crm',
    docs: 'https://example.com/',
    auth: [{ id: 'token', title: 'Token', kind: 'api_key', fields: [], use: BEARER }],
    base,
    verify: {
      path: '/',
      account: z.object({}).transform(() => ({ accountId: '1', accountName: 'Bench', settings: {} })),
    },
    errors: { code: 'code', rules: [] },
    streams: {
      contacts: stream({
        title: 'Contacts',
        model: 'contacts',
        text: false,
        path: '/contacts',
        query: {},
        filters: {},
        items: 'data',
        id: /^\d+$/,
        paging: {
          kind: 'pages',
          sizeMax: 1000,
          call: ({ limit, position }) => ({
            path: '/contacts',
            query: { limit: String(limit), ...(position !== null && { after: position }) },
          }),
          next: { kind: 'cursor', at: 'next' },
        },
        raw: z.object({
          id: z.string(),
          email: text,
          first_name: text,
          last_name: text,
          phone: text,
          company: text,
          updated_at: z.string(),
        }),
        map: (item) => ({
          externalId: item.id,
          modifiedAt: item.updated_at,
          email: item.email,
          firstName: item.first_name,
          lastName: item.last_name,
          phone: item.phone,
          company: item.company,
        }),
      }),
    },
  });

/** The engine over the source at `url`, with everything it needs of a connection as literals. */
export function benchConnectors(url: string, connection: Connection): ConnectorPort & AsyncDisposable {
  const http = createHttp({ allow: [new URL(url).host], origins: [], userAgent: 'bench' });
  const engine = createEngine({ bench: source(url) }, {
    http,
    connections: { get: async () => connection },
    secrets: { read: async () => ({ version: 1, values: { access_token: 'bench' } }) },
  } as unknown as EngineParts);
  return { ...engine, [Symbol.asyncDispose]: () => http.close() };
}
