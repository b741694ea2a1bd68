import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createBudgets } from '../../adapters/budgets/index.ts';
import { postgresRateLimits } from '../../adapters/postgres/rate-limits.ts';
import { postgresMeters } from '../../adapters/budgets/postgres.ts';
import { createEngine } from '../../adapters/connectors/engine.ts';
import type { EngineParts } from '../../adapters/connectors/engine.ts';
import { manifests } from '../../adapters/connectors/index.ts';
import type { Manifest } from '../../adapters/connectors/manifest.ts';
import { createOAuth } from '../../adapters/connectors/oauth.ts';
import { emulatorHttp } from '../../adapters/connectors/testing-vendors.ts';
import type { HttpClient } from '../../adapters/http/client.ts';
import { aTenant } from '../../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../../adapters/postgres/testing.ts';
import { postgresStores } from '../../adapters/postgres/stores.ts';
import type { Stores } from '../../adapters/postgres/stores.ts';
import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { Emulator } from '../../emulator/server.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorInfo } from '../../ports/connector-info.ts';
import type { ConnectorPort } from '../../ports/connectors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { ContractCase } from './case.ts';
import type { Exchange } from './description.ts';

/** The one file that the contract has to send. */
export const BYTES = Buffer.from('not much of a picture');

/** One connection of the connector in question, with a live credential, and what was said in its name. */
export interface Connected {
  connection: Connection;
  connectors: ConnectorPort;
  /** How often its token was renewed. */
  renewals: () => number;
  /** Every value that must never be seen outside. */
  secrets: () => string[];
  /** What was said, word for word. */
  exchanges: () => Exchange[];
  /** Another credential in its place. */
  give: (secret: SecretValues) => void;
}

export interface Ground extends AsyncDisposable {
  emulator: Emulator;
  stores: Stores;
  tenantId: TenantId;
  hash: (text: string) => string;
  connectorInfo: (connectorId: string) => ConnectorInfo;
  /** `limits`: in place of those that the connector declares. */
  connect: (given: ContractCase, limits?: Manifest['limits']) => Promise<Connected>;
}

/** The emulator, a database for what syncs and writes remember, and the engine as the product opens it. */
export async function openGround(): Promise<Ground> {
  const emulator = createEmulator();
  await emulator.listen();
  const database = await freshDatabase();
  const stores = postgresStores(database.db);
  const tenantId = await aTenant(stores);
  const told = emulatedVendors(emulator.url);
  const http = emulatorHttp(emulator.url);
  const oauth = createOAuth({
    http,
    manifests,
    apps: async () => ({
      clientId: told.HUBSPOT_CLIENT_ID,
      clientSecret: told.HUBSPOT_CLIENT_SECRET,
      scopes: null,
      redirectUris: [],
      enabled: true,
    }),
  });

  const budgets = createBudgets({
    store: postgresMeters(database.db),
    limits: postgresRateLimits(database.db),
    tell: async () => undefined,
  });
  const catalogue = createEngine(manifests, { http } as unknown as EngineParts);

  return {
    emulator,
    connectorInfo: (connectorId) => catalogue.info(connectorId),
    stores,
    tenantId,
    hash: (text) => createHash('sha256').update(text).digest('hex'),

    async connect(given, limits) {
      const id = ConnectionId.parse(randomUUID());
      const { connector: connectorId, method: methodId } = given;
      const held = { version: 1, values: given.credential(emulator) };
      const secrets = Object.values(held.values);
      const exchanges: Exchange[] = [];
      let renewals = 0;
      const made = await stores.connections.create(tenantId, { id, connectorId, sync: [] });
      const connection: Connection = {
        ...made,
        state: 'healthy',
        authMethod: methodId,
        settings: given.settings(emulator),
      };
      const declared = manifests[connectorId];
      if (!declared) throw new Error(`there is no connector ${connectorId}`);
      const manifest: Manifest = { ...declared, ...(limits && { limits }) };
      const connectors = createEngine({ [connectorId]: manifest }, {
        http: overheard(http, exchanges),
        // Else what one claim has used up, another would wait for.
        ...(limits && { budgets }),
        objects: { getStream: async () => Readable.from([BYTES]) },
        connections: { ...stores.connections, get: async () => connection },
        secrets: { read: async () => ({ ...held }) },
        workflows: {
          // What the connection's workflow does, without the workflow: one call to the vendor, one newer version.
          async refreshToken() {
            const fresh = await oauth.renew({ connectorId, methodId, settings: connection.settings }, held.values);
            renewals += 1;
            held.version += 1;
            held.values = { ...fresh.values, ...(fresh.expiresAt !== null && { expiresAt: fresh.expiresAt }) };
            secrets.push(...Object.values(held.values));
          },
        },
      } as unknown as EngineParts);
      return {
        connection,
        connectors,
        renewals: () => renewals,
        exchanges: () => exchanges,
        secrets: () => secrets.filter((value) => value.length >= 12),
        give(values) {
          held.values = values;
          held.version += 1;
        },
      };
    },

    async [Symbol.asyncDispose]() {
      await budgets.close();
      await http.close();
      await emulator.close();
      await database.close();
    },
  };
}

/** The same client, whose calls are written down. */
const overheard = (http: HttpClient, exchanges: Exchange[]): HttpClient => ({
  ...http,
  async send(request) {
    const answer = await http.send(request);
    const { method, url, headers = {}, body } = request;
    exchanges.push({
      ...{ method, url, headers, status: answer.status, answer: answer.body.toString() },
      body: typeof body === 'string' ? body : null,
    });
    return answer;
  },
});
