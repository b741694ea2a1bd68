import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { Emulator } from '../../emulator/server.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorPort } from '../../ports/connectors.ts';
import { connectorOrigin } from '../env.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import type { EngineParts } from './engine.ts';
import { createConnectors } from './index.ts';
import { connectionId, tenantId } from './testing-engine.ts';

/** A client for which the emulator at `url` stands for every vendor. */
export const emulatorHttp = (url: string): HttpClient =>
  createHttp({
    allow: [new URL(url).host],
    origins: emulatedVendors(url).CONNECTOR_ORIGINS.split(',').map(connectorOrigin),
    userAgent: 'test',
  });

/** An object store in which every key holds these bytes. */
export const holding = (file: string | Buffer) => ({
  async *getStream() {
    yield Buffer.from(file as string);
  },
});

type More = { budgets?: EngineParts['budgets']; objects?: ReturnType<typeof holding> };

/** The product's connectors, with one connection of this way, whose credential is not renewed. */
export const connected = (
  http: HttpClient,
  connectorId: string,
  authMethod: string,
  settings: Record<string, string>,
  values: Record<string, string>,
  more: More = {},
): ConnectorPort => {
  const connection = { id: connectionId, tenantId, connectorId, authMethod, settings, state: 'healthy' };
  return createConnectors({
    http,
    connections: { get: async () => connection as unknown as Connection },
    secrets: { read: async () => ({ version: 1, values }) },
    workflows: {},
    ...more,
  } as unknown as EngineParts);
};

export interface Emulated extends AsyncDisposable {
  emulator: Emulator;
  connectedBy: (
    connectorId: string,
    authMethod: string,
    settings: Record<string, string>,
    values: Record<string, string>,
    more?: More,
  ) => ConnectorPort;
}

/** The emulator in the place of every vendor, asked by the product's own connectors. */
export async function openEmulated(): Promise<Emulated> {
  const emulator = createEmulator();
  await emulator.listen();
  const http = emulatorHttp(emulator.url);
  return {
    emulator,
    connectedBy: (...way) => connected(http, ...way),
    async [Symbol.asyncDispose]() {
      await http.close();
      await emulator.close();
    },
  };
}
