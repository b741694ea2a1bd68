import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { Emulator } from '../../emulator/server.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorPort } from '../../ports/connectors.ts';
import { createHttp } from '../http/client.ts';
import type { EngineParts } from './engine.ts';
import { createConnectors } from './index.ts';
import { connectionId, tenantId } from './testing-engine.ts';

export interface Emulated extends AsyncDisposable {
  emulator: Emulator;
  /** The product's connectors, with one connection of this way. */
  connectedBy: (
    connectorId: string,
    authMethod: string,
    settings: Record<string, string>,
    values: Record<string, string>,
    more?: Pick<EngineParts, 'budgets'>,
  ) => ConnectorPort;
}

/** The emulator in the place of every vendor, asked by the product's own connectors. */
export async function openEmulated(): Promise<Emulated> {
  const emulator = createEmulator();
  await emulator.listen();
  const http = createHttp({
    allow: [new URL(emulator.url).host],
    origins: emulatedVendors(emulator.url)
      .CONNECTOR_ORIGINS.split(',')
      .map((pair) => {
        const [from = '', to = ''] = pair.split('=');
        return { from, to };
      }),
    userAgent: 'test',
  });
  return {
    emulator,
    connectedBy(connectorId, authMethod, settings, values, more) {
      const connection = { id: connectionId, tenantId, connectorId, authMethod, settings, state: 'healthy' };
      return createConnectors({
        http,
        connections: { get: async () => connection as unknown as Connection },
        secrets: { read: async () => ({ version: 1, values }) },
        workflows: {},
        ...more,
      } as unknown as EngineParts);
    },
    async [Symbol.asyncDispose]() {
      await http.close();
      await emulator.close();
    },
  };
}
