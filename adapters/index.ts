import { hash as digestOf } from 'node:crypto';
import type { Client, Connection } from '@temporalio/client';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import type { RateBudgetPort } from '../ports/budgets.ts';
import type { Ports } from '../ports/index.ts';
import { PLATFORM } from '../ports/ids.ts';
import type { WorkflowPort } from '../ports/workflows.ts';
import { createBudgets } from './budgets/index.ts';
import { postgresMeters } from './budgets/postgres.ts';
import { redisMeters } from './budgets/redis.ts';
import { createCategories } from './categories/index.ts';
import { createApps } from './connectors/apps.ts';
import { createConnectors, manifests } from './connectors/index.ts';
import { createVendorKeys } from './connectors/keys.ts';
import { createOAuth } from './connectors/oauth.ts';
import type { Env } from './env.ts';
import { createHttp } from './http/client.ts';
import type { Log } from './log.ts';
import { openModels } from './models/open.ts';
import { createMcp } from './mcp/index.ts';
import { createNotifier } from './notifications/index.ts';
import { folderObjects } from './objects/folder.ts';
import { tenantObjects } from './objects/tenant.ts';
import { keptLogins } from './postgres/logins.ts';
import { openPostgres } from './postgres/pool.ts';
import { postgresStores } from './postgres/stores.ts';
import { postgresTokenStream } from './postgres/token-stream.ts';
import { createReceipts } from './receipts.ts';
import { createRotation } from './rotation/index.ts';
import { openRotators } from './rotation/rotators.ts';
import { openSecrets } from './secrets/open.ts';
import { createStaging } from './secrets/staging.ts';
import { createSinks } from './sinks/index.ts';
import { openTemporal } from './temporal/client.ts';
import { payloadCodec } from './temporal/codec.ts';
import { dataConverter } from './temporal/data-converter.ts';
import { openKeyRing } from './temporal/key-ring.ts';
import { setUpTemporal } from './temporal/setup.ts';
import { temporalWorkflows } from './temporal/workflows.ts';
import { redisTokenStream } from './tokens/redis.ts';
import { createWeb } from './web/index.ts';
import { createWebhooks } from './webhooks/index.ts';

export { openDigestKey, openJwtKeys } from './jwt-key.ts';
export { createLog } from './log.ts';
export type { Log } from './log.ts';

const CONNECTIONS = 10;
const USER_AGENT = 'BizOSaaS/0.1';

/** Everything open, and how to close it. */
export interface OpenPorts extends Ports, AsyncDisposable {
  /** For `main`: routes get the client, workers the converter. */
  temporal: {
    client: Client;
    connection: Connection;
    dataConverter: DataConverter;
    codec: PayloadCodec;
    /** Rejects while the keys of payloads cannot be had: a worker that began without them would lose what it is given. */
    keysReady: () => Promise<void>;
    /** Registers what starts need; idempotent, done once. */ setUp: () => Promise<void>;
  };
}

/** Opens every port of the product. Nothing is asked of Temporal or the database yet: a process starts while they are away. */
export async function openPorts(
  env: Env,
  log: Log,
  given: { client?: Client; budgets?: Pick<RateBudgetPort, 'take'> } = {},
): Promise<OpenPorts> {
  const store = openSecrets(env);
  const { secrets, secretMove } = store;
  const payloadKeys = openKeyRing(secrets);
  const converter = dataConverter(payloadKeys);
  const temporal = openTemporal(env.temporal, converter);
  const client = given.client ?? temporal.client;
  const asked = temporalWorkflows({ client, log, secrets, keys: payloadKeys });
  // A start names search attributes, which a new server does not know: whoever starts first must have registered them.
  const setUp = once(() => setUpTemporal(temporal.connection, env.temporal.namespace, log));
  const workflows: WorkflowPort = {
    ...asked,
    health: async () => {
      await asked.health();
      await setUp();
    },
  };

  const logins = keptLogins(secrets, env.database.url);
  const db = openPostgres(env.database.url, { max: CONNECTIONS, logins });
  const stores = postgresStores(db);
  const http = createHttp({ allow: env.httpAllow, origins: env.connectorOrigins, userAgent: USER_AGENT });
  const objects = tenantObjects({ ...stores, secrets, http, folder: folderObjects(env.dataDir) });
  const hash = (text: string) => digestOf('sha256', text);
  const budgets = createBudgets({
    store: env.redisUrl === null ? postgresMeters(db) : redisMeters(env.redisUrl),
    limits: stores.rateLimits,
    tell: (note) => workflows.tellPeople(PLATFORM, note),
  });
  const tokenStream = env.redisUrl === null ? postgresTokenStream(db) : redisTokenStream(env.redisUrl);
  const connectors = createConnectors({
    ...{ http, connections: stores.connections, secrets, workflows, objects },
    budgets: given.budgets ?? budgets,
  });

  const apps = createApps({ oauthApps: stores.oauthApps, secrets, declared: env.oauthApps });
  const oauth = createOAuth({ http, apps, manifests });

  const models = openModels(env.llm, { ...stores, secrets, http, userAgent: USER_AGENT });

  return {
    ...stores,
    notifier: createNotifier({
      inbox: stores.notifier,
      channels: stores.channels,
      approvals: stores.approvals,
      secrets,
      http,
      smtp: env.smtp,
      publicUrl: env.api.publicUrl,
      hash,
    }),
    secrets,
    secretMove,
    staging: createStaging(secrets),
    receipts: createReceipts(secrets),
    connectors,
    budgets,
    oauth,
    webhooks: createWebhooks(manifests, { secrets, rotations: stores.rotations, apps }),
    categories: createCategories({ connectors, connections: stores.connections }),
    objects,
    mcp: createMcp(http),
    web: createWeb(http, stores.tenantSettings),
    tokenStream,
    sinks: createSinks({ ...stores, objects, secrets, connectors, workflows, hash, http }),
    llm: models.llm,
    workflows,
    rotation: createRotation(
      openRotators({
        ...{ ...stores, env, http, secrets, connectors, oauth, workflows, hash, vault: store.vault },
        keys: createVendorKeys(http, manifests),
      }),
    ),
    hash,
    temporal: {
      client,
      connection: temporal.connection,
      dataConverter: converter,
      codec: payloadCodec(payloadKeys),
      keysReady: async () => void (await payloadKeys.current()),
      setUp,
    },
    [Symbol.asyncDispose]: async () => {
      await temporal[Symbol.asyncDispose]();
      // What is held of vendors' limits is free for other processes at once.
      await budgets.close();
      await tokenStream.close();
      await Promise.all([http.close(), models.close()]);
      await db.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Runs until it has worked once; those who ask meanwhile share the attempt. */
const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () =>
    (done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    }));
};
