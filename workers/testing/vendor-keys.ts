import { aConnection, aTenant } from '../../adapters/postgres/testing-data.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import type { Ground } from './ground.ts';

const SETTINGS = {
  sendgrid: { region: 'global', host: 'api.sendgrid.com', accountId: 'global', accountName: 'SendGrid (global)' },
  stripe: { accountId: 'acct_1Qx81bV0aZ3Kornb', accountName: 'Kornblume Bakery' },
};

/** A connection of a tenant of its own that works, by a key of its own that was made by hand. */
export const aKeyedConnection = async ({ ports, emulator }: Ground, connectorId: keyof typeof SETTINGS) => {
  const tenantId = await aTenant(ports);
  const connectionId = await aConnection(ports, tenantId, { connectorId });
  const first = emulator.control.keys(connectorId).mint();
  const path = connectionSecretPath(tenantId, connectionId);
  const meta = { class: 'vendor_api_key', createdBy: 'test' } as const;
  const secretVersion = await ports.secrets.put(path, 0, { api_key: first.secret }, meta);
  const settings = SETTINGS[connectorId];
  await ports.connections.change(tenantId, connectionId, {
    ...{ state: 'healthy', authMethod: 'api_key', settings, secretVersion },
  });
  const inUse = async () => (await ports.secrets.read(path))?.values['api_key'] ?? '';
  return {
    ...{ tenantId, connectionId, path, first, inUse },
    /** Whether what is in use here works there. */
    works: async () => {
      const way = { connectorId, methodId: 'api_key', settings };
      await ports.connectors.verify(way, { api_key: await inUse() });
    },
  };
};
