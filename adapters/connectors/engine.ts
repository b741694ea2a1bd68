import type { Connection } from '../../ports/connections.ts';
import type { ConnectorPort, Lane, ReadQuery, StreamAt, WriteAction } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { RateBudgetPort } from '../../ports/budgets.ts';
import type { ObjectStorePort } from '../../ports/knowledge.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { createAsk } from './ask.ts';
import type { Ask } from './ask.ts';
import { createBreakers } from './breakers.ts';
import { createCredentials } from './credentials.ts';
import { describe } from './describe.ts';
import { checkFields } from './fields.ts';
import type { Manifest, Params } from './manifest.ts';
import { describeMethod, manifestOf, methodOf, renews } from './methods.ts';
import { filled } from './paths.ts';
import { readPage } from './read.ts';
import { rowOf } from './rows.ts';
import type { Source } from './rows.ts';
import type { Meter, Terms } from './terms.ts';
import { verifyCredential } from './verify.ts';
import { checkedWrite, performWrite, probeWrite } from './write.ts';

export interface EngineParts extends Pick<Ports, 'connections' | 'secrets' | 'workflows'> {
  http: HttpClient;
  /** Absent: no call waits for a budget. */
  budgets?: Pick<RateBudgetPort, 'take'>;
  /** Where files lie that are to be sent. */
  objects?: Pick<ObjectStorePort, 'getStream'>;
}

/** How long one call may wait for its turn: whoever waits longer waits where that holds no worker. */
const WAIT_MS: Record<Lane, number> = { interactive: 3_000, webhook: 10_000, backfill: 20_000 };
const IN_FLIGHT_MAX = 8;
/** All calls of one write, or of one look for it: both together are shorter than the activity around them. */
const WRITE_MS = 45_000;
const UPLOAD_MS = 100_000;

/** On whose behalf a run of calls is made. */
interface Run {
  lane?: Lane | undefined;
  signal?: AbortSignal | undefined;
  file?: Terms['file'];
  /** How long all of its calls may take together. */
  forMs?: number;
}

/** Every connector is data; this is what moves by it. */
export function createEngine(manifests: Record<string, Manifest>, parts: EngineParts): ConnectorPort {
  const { http, connections, budgets, objects } = parts;
  const credentials = createCredentials(parts);
  const breakers = createBreakers();

  const known = (id: string): Manifest => manifestOf(manifests, id);

  const termsOf = ({ tenantId, id, connectorId }: Connection, manifest: Manifest, run: Run, meter: Meter): Terms => {
    const { lane = 'interactive', signal, file, forMs } = run;
    const { limits = [], narrow = [], inFlightMax = IN_FLIGHT_MAX } = manifest;
    const counted = (of?: string) => limits.filter(({ name }) => name === of || !narrow.includes(name));
    const asked = { tenantId, connectionId: id, connectorId, lane, inFlightMax, narrow };
    return {
      ...{ breakers, meter },
      ...(budgets && {
        turn: {
          take: ({ cost = 1, limit }, waitMs, aborted) =>
            budgets.take({ ...asked, cost }, counted(limit), waitMs, aborted),
          waitMs: WAIT_MS[lane],
        },
      }),
      ...(signal && { signal }),
      ...(file && { file }),
      ...(forMs !== undefined && { untilMs: Date.now() + forMs }),
    };
  };

  const onStream = async <Result>(
    tenantId: TenantId,
    id: ConnectionId,
    name: string,
    run: Run,
    act: (ask: Ask, source: Source) => Promise<Result>,
  ): Promise<{ result: Result; meter: Meter }> => {
    const connection: Connection = await connections.get(tenantId, id);
    const manifest = known(connection.connectorId);
    const method = methodOf(manifest, connection.authMethod);
    const source = sourceOf(manifest, name, connection.settings);
    const meter: Meter = { calls: 0, throttled: 0, bytes: 0 };
    const terms = termsOf(connection, manifest, run, meter);
    const result = await credentials.use(
      connection,
      (secret: SecretValues) => renews(method, secret),
      (secret) => act(createAsk(http, manifest, method, connection.settings, secret, terms), source),
    );
    return { result, meter };
  };

  const writingOf = ({ tenantId, lane }: StreamAt, action: WriteAction): Run => {
    const file = action.kind === 'create' ? action.file : undefined;
    if (!file) return { lane, forMs: WRITE_MS };
    if (!objects) throw new Fault('unsupported', 'files cannot be sent from here');
    const open = () => objects.getStream(tenantId, file.objectKey);
    return { lane, forMs: UPLOAD_MS, file: { ...file, open } };
  };

  return {
    list: () => Object.values(manifests).map(describe),
    info: (connectorId) => describe(known(connectorId)),
    method: (connectorId, methodId) => describeMethod(methodOf(known(connectorId), methodId)),
    checkFields: (connectorId, methodId, fields) => {
      const manifest = known(connectorId);
      return checkFields(manifest, methodOf(manifest, methodId), fields);
    },
    checkWrite: (connectorId, name, action) => checkedWrite(sourceOf(known(connectorId), name), action).write.safety,
    verify: async ({ connectorId, methodId, settings }, credential) => {
      const manifest = known(connectorId);
      return verifyCredential(http, manifest, methodOf(manifest, methodId), settings, credential);
    },
    test: async (connection) => {
      const manifest = known(connection.connectorId);
      const method = methodOf(manifest, connection.authMethod);
      return verifyCredential(http, manifest, method, connection.settings, await credentials.stored(connection));
    },
    read: async (tenantId, id, name, query) => {
      const { result, meter } = await onStream(tenantId, id, name, query, (ask, source) =>
        readPage(ask, source, query),
      );
      return { ...result, ...meter };
    },
    readOne: async (tenantId, id, name, externalId, query = {}) => {
      const { result } = await onStream(tenantId, id, name, query, (ask, source) =>
        readOne(ask, source, externalId, query),
      );
      return result;
    },
    write: async (at, action, marker) => {
      const { result } = await onStream(at.tenantId, at.connectionId, at.stream, writingOf(at, action), (ask, source) =>
        performWrite(ask, source, action, marker),
      );
      return result;
    },
    probe: async ({ tenantId, connectionId, stream, lane }, action, marker) => {
      const run = { lane, forMs: WRITE_MS };
      const { result } = await onStream(tenantId, connectionId, stream, run, (ask, source) =>
        probeWrite(ask, source, action, marker),
      );
      return result;
    },
    health: (connectorId, connection) => {
      const manifest = known(connectorId);
      const found = breakers.health(connectorId);
      if (!connection) return found;
      const own = methodOf(manifest, connection.authMethod).base ?? manifest.base;
      const host = URL.parse(filled(own, connection.settings, manifest.hosts))?.host;
      return found.filter((each) => each.host === host);
    },
  };
}

function sourceOf(manifest: Manifest, name: string, settings: Params = {}): Source {
  const stream = Object.hasOwn(manifest.streams, name) ? manifest.streams[name] : undefined;
  if (stream) return { manifest, name, stream, settings };
  const there = Object.keys(manifest.streams).join(', ');
  throw new Fault('not_found', `${manifest.title} has no such stream; it has: ${there}`);
}

async function readOne(ask: Ask, source: Source, externalId: string, wanted: Pick<ReadQuery, 'fields' | 'native'>) {
  const { manifest, name, stream, settings } = source;
  if (stream.one === null) throw new Fault('unsupported', `${manifest.title} does not give single ${name}; list them`);
  if (!stream.id.test(externalId)) throw new Fault('not_found', `${manifest.title} has nothing under this id`);
  const call = stream.one?.(externalId, settings) ?? { path: `${stream.path}/${externalId}`, query: stream.query };
  const { json } = await ask(call);
  return rowOf(source, json, externalId, wanted);
}
