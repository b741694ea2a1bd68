import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { ObjectStorePort, TenantObjects } from '../../ports/knowledge.ts';
import type { OwnStore } from '../../ports/tenant-settings.ts';
import type { HttpClient } from '../http/client.ts';
import { openS3 } from './s3-client.ts';
import { s3Objects } from './s3.ts';

interface Needs extends Pick<Ports, 'tenantSettings' | 'connections' | 'secrets'> {
  http: Pick<HttpClient, 'fetch'>;
  folder: ObjectStorePort;
}

const STORE = 'aws-s3';
/** Nothing begins with this: the shortest question that a bucket answers. */
const NOTHING = '~';

const misfit = (path: string, message: string) =>
  new Fault('invalid_request', 'This bucket cannot be the store.', { fields: [{ path: `store.${path}`, message }] });

/** Where each tenant's objects are, as its settings say at the moment of each call. */
export function tenantObjects({ tenantSettings, connections, secrets, http, folder }: Needs): TenantObjects {
  const bucketOf = async (tenantId: TenantId, { connectionId, bucket, prefix }: OwnStore): Promise<ObjectStorePort> => {
    const connection = await connections.get(tenantId, connectionId);
    if (connection.connectorId !== STORE) throw misfit('connectionId', 'is no connection to Amazon S3');
    if (connection.state === 'disabled') {
      throw new Fault('not_connected', 'The connection to the tenant’s own store is switched off; switch it on again.');
    }
    const held = await secrets.read(connection.vaultPath);
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = held?.values ?? {};
    const { region } = connection.settings;
    if (accessKeyId === undefined || secretAccessKey === undefined || region === undefined) {
      throw new Fault(
        'reauth_required',
        'The connection to the tenant’s own store is not connected; connect it again.',
      );
    }
    const client = openS3(http.fetch, { region, credentials: { accessKeyId, secretAccessKey } });
    return s3Objects(client, { bucket, prefix });
  };

  const of = async (tenantId: TenantId): Promise<ObjectStorePort> => {
    const { store } = await tenantSettings.get(tenantId);
    return store === null ? folder : bucketOf(tenantId, store);
  };

  return {
    put: async (tenantId, key, body) => (await of(tenantId)).put(tenantId, key, body),
    putStream: async (tenantId, key, body) => (await of(tenantId)).putStream(tenantId, key, body),
    list: async (tenantId, prefix) => (await of(tenantId)).list(tenantId, prefix),
    get: async (tenantId, key) => (await of(tenantId)).get(tenantId, key),
    getStream: async (tenantId, key) => (await of(tenantId)).getStream(tenantId, key),
    remove: async (tenantId, key) => (await of(tenantId)).remove(tenantId, key),
    tryStore: async (tenantId, store) => {
      await (await bucketOf(tenantId, store)).list(tenantId, NOTHING);
    },
  };
}
