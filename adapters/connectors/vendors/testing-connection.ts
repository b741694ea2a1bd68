import type { ConnectorPort } from '../../../ports/connectors.ts';
import type { ConnectionId, TenantId } from '../../../ports/ids.ts';
import type { HttpClient } from '../../http/client.ts';
import type { EngineParts } from '../engine.ts';
import { createConnectors } from '../index.ts';

export const TENANT = '11111111-1111-4111-8111-111111111111' as TenantId;
export const ID = '22222222-2222-4222-8222-222222222222' as ConnectionId;

/** `CONNECTOR_ORIGINS` as the HTTP client takes it. */
export const originsOf = (told: string) =>
  told.split(',').map((pair) => {
    const [from = '', to = ''] = pair.split('=');
    return { from, to };
  });

/** The engine for one connection with a credential that is not renewed; `file`: what every upload holds. */
export const connected = (
  http: HttpClient,
  connectorId: string,
  authMethod: string,
  settings: Record<string, string>,
  values: Record<string, string>,
  file: string | Buffer = '',
): ConnectorPort =>
  createConnectors({
    http,
    connections: {
      get: async () => ({
        ...{ id: ID, tenantId: TENANT, connectorId, authMethod, vaultPath: 'x', state: 'healthy', reason: null },
        settings,
      }),
    },
    secrets: { read: async () => ({ version: 1, values }) },
    objects: {
      async *getStream() {
        yield Buffer.from(file as string);
      },
    },
  } as unknown as EngineParts);
