import type { Connection } from '../../ports/connections.ts';
import type { ConnectorInfo, ConnectorPort } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { createAsk } from './ask.ts';
import type { Ask } from './ask.ts';
import { createCredentials } from './credentials.ts';
import { checkFields } from './fields.ts';
import type { Manifest } from './manifest.ts';
import { describeMethod, manifestOf, methodOf, renews } from './methods.ts';
import { readByCursor } from './read-cursor.ts';
import { readByOffset } from './read-offset.ts';
import { rowOf } from './rows.ts';
import type { Source } from './rows.ts';
import { verifyCredential } from './verify.ts';
import { create, probe, remove } from './write.ts';

export interface EngineParts extends Pick<Ports, 'connections' | 'secrets' | 'workflows'> {
  http: HttpClient;
}

/** Every connector is data; this is what moves by it. */
export function createEngine(manifests: Record<string, Manifest>, parts: EngineParts): ConnectorPort {
  const { http, connections } = parts;
  const credentials = createCredentials(parts);

  const known = (id: string): Manifest => manifestOf(manifests, id);

  const onStream = async <Result>(
    tenantId: TenantId,
    id: ConnectionId,
    name: string,
    act: (ask: Ask, source: Source) => Promise<Result>,
  ): Promise<Result> => {
    const connection: Connection = await connections.get(tenantId, id);
    const manifest = known(connection.connectorId);
    const method = methodOf(manifest, connection.authMethod);
    const stream = Object.hasOwn(manifest.streams, name) ? manifest.streams[name] : undefined;
    if (!stream) {
      throw new Fault(
        'not_found',
        `${manifest.title} has no such stream; it has: ${Object.keys(manifest.streams).join(', ')}`,
      );
    }
    const renewable = (secret: SecretValues) => renews(method, secret);
    return credentials.use(connection, renewable, (secret) =>
      act(createAsk(http, manifest, method, connection.settings, secret), { manifest, name, stream }),
    );
  };

  return {
    list: () => Object.values(manifests).map(describe),
    info: (connectorId) => describe(known(connectorId)),
    method: (connectorId, methodId) => describeMethod(methodOf(known(connectorId), methodId)),
    checkFields: (connectorId, methodId, fields) => {
      const manifest = known(connectorId);
      return checkFields(manifest, methodOf(manifest, methodId), fields);
    },
    verify: async ({ connectorId, methodId, settings }, credential) => {
      const manifest = known(connectorId);
      return verifyCredential(http, manifest, methodOf(manifest, methodId), settings, credential);
    },
    test: async (connection) => {
      const manifest = known(connection.connectorId);
      const method = methodOf(manifest, connection.authMethod);
      return verifyCredential(http, manifest, method, connection.settings, await credentials.stored(connection));
    },
    read: (tenantId, id, name, query) =>
      onStream(tenantId, id, name, (ask, source) => {
        const { paging } = source.stream;
        return paging.kind === 'offset'
          ? readByOffset(ask, source, paging, query)
          : readByCursor(ask, source, paging, query);
      }),
    readOne: (tenantId, id, name, externalId) =>
      onStream(tenantId, id, name, async (ask, source) => {
        const { manifest, stream } = source;
        if (!stream.id.test(externalId)) throw new Fault('not_found', `${manifest.title} has nothing under this id`);
        const { json } = await ask({ path: `${stream.path}/${externalId}`, query: stream.query });
        return rowOf(source, json);
      }),
    create: (tenantId, id, name, input, marker) =>
      onStream(tenantId, id, name, (ask, source) => create(ask, source, input, marker)),
    remove: (tenantId, id, name, externalId) =>
      onStream(tenantId, id, name, (ask, source) => remove(ask, source, externalId)),
    probe: (tenantId, id, name, marker) => onStream(tenantId, id, name, (ask, source) => probe(ask, source, marker)),
  };
}

function describe({ id, title, category, docs, auth, streams }: Manifest): ConnectorInfo {
  return {
    id,
    title,
    category,
    docs,
    auth: auth.map(describeMethod),
    streams: Object.entries(streams).map(([name, stream]) => ({
      name,
      title: stream.title,
      filters: Object.keys(stream.filters),
      writes: stream.create ? ['create'] : [],
      text: stream.text,
    })),
  };
}
