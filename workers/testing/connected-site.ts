import { aConnection, aTenant } from '../../adapters/postgres/testing-data.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import type { StreamChoice } from '../../ports/tenants.ts';
import { siteFields } from './connections.ts';
import type { Ground } from './ground.ts';

/** A tenant with an emulated site of its own that is connected already, without a connection workflow. */
export const aConnectedSite = async (
  { ports, emulator }: Pick<Ground, 'ports' | 'emulator'>,
  name: string,
  size: { posts: number; pages?: number; media?: number },
  sync: StreamChoice[] = [],
  tenant?: TenantId,
): Promise<{
  tenantId: TenantId;
  connectionId: ConnectionId;
  site: ReturnType<typeof emulator.control.wordpress.site>;
}> => {
  const site = emulator.control.wordpress.site(name, { pages: 0, media: 0, ...size });
  const tenantId = tenant ?? (await aTenant(ports));
  const connectionId = await aConnection(ports, tenantId, { sync });
  const { secret, settings } = siteFields({ ports, emulator }, name);
  const methodId = 'application_password';
  const account = await ports.connectors.verify({ connectorId: 'wordpress', methodId, settings }, secret);
  const path = connectionSecretPath(tenantId, connectionId);
  const secretVersion = await ports.secrets.put(path, 0, secret, { class: 'credential', createdBy: 'test' });
  await ports.connections.change(tenantId, connectionId, {
    state: 'healthy',
    authMethod: methodId,
    settings: account.settings,
    secretVersion,
  });
  return { tenantId, connectionId, site };
};
