import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client, Connection } from '@temporalio/client';
import { createActivities } from '../../activities/index.ts';
import { readEnv } from '../../adapters/env.ts';
import type { Env } from '../../adapters/env.ts';
import { openPorts } from '../../adapters/index.ts';
import { freshDatabase } from '../../adapters/postgres/testing.ts';
import type { TestDatabase } from '../../adapters/postgres/testing.ts';
import { openSecrets } from '../../adapters/secrets/open.ts';
import { CODEC_KEY_PATH } from '../../adapters/temporal/key-ring.ts';
import { catalogue as everyAgent } from '../../agents/index.ts';
import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { Emulator } from '../../emulator/server.ts';
import type { Catalogue } from '../../ports/agents.ts';
import type { Ports } from '../../ports/index.ts';
import { cachedBundle } from '../bundle.ts';
import { startWorkers } from '../run.ts';
import type { Workers } from '../run.ts';
import { openNamespace, TEST_KEYS } from './namespace.ts';
import { quietRuntime, testLog } from './runtime.ts';
import { openSkippingTime } from './time-skipping.ts';

type Replaceable = Omit<Ports, 'hash'>;
type Overrides = { [Name in keyof Replaceable]?: Partial<Replaceable[Name]> };

export interface GroundOptions {
  /** Over what the ground sets. */
  env?: Record<string, string>;
  /** `host:port`s beside the emulator's that may be asked. */
  allow?: string[];
  /** Another server than the run's. */
  address?: string;
  /** Days pass in milliseconds while a result is awaited. Only in `*.timeskip.test.ts`. */
  timeSkipping?: boolean;
  /** Agents and crews in place of the product's. */
  catalogue?: Catalogue;
}

/** A deployment of a test's own: real ports on a fresh database, the emulator as every vendor, workers in this process. */
export interface Ground extends AsyncDisposable {
  ports: Ports;
  client: Client;
  connection: Connection;
  namespace: string;
  emulator: Emulator;
  database: TestDatabase;
  env: Env;
  worker: { start: () => Promise<void>; stop: () => Promise<void> };
  /** Replaces single methods of ports, for everyone who holds the port; gives back how to undo it. */
  withPort: (overrides: Overrides) => () => void;
  close: () => Promise<void>;
}

const environment = (url: string, dataDir: string, temporal: Env['temporal'], database: TestDatabase) => ({
  NODE_ENV: 'test',
  BIZ_DATA_DIR: dataDir,
  DATABASE_URL: database.url,
  DATABASE_ADMIN_URL: database.adminUrl,
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace,
  EMULATOR_URL: url,
  LLM_BASE_URL: `${url}/openai/v1`,
  LLM_API_KEY: 'emulator-key',
  HTTP_ALLOW: new URL(url).host,
  ...emulatedVendors(url),
  SECRETS_KEY: Buffer.alloc(32, 9).toString('base64'),
  LOG_LEVEL: 'silent',
});

export async function openGround({
  env: given = {},
  allow = [],
  address,
  timeSkipping = false,
  catalogue = everyAgent,
}: GroundOptions = {}): Promise<Ground> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'bizosaas-test-'));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const emulator = opened.use(createEmulator());
  const url = await emulator.listen();
  const database = await freshDatabase();
  opened.defer(database.close);
  const space = opened.use(await (timeSkipping ? openSkippingTime() : openNamespace(address ? { address } : {})));

  const base = environment(url, dataDir, space.temporal, database);
  const HTTP_ALLOW = [base.HTTP_ALLOW, ...allow].join(',');
  const env = readEnv({ ...base, HTTP_ALLOW, ...given });
  // Histories of tests are stored, so all of them share one key.
  await using store = openSecrets(env);
  await store.secrets.put(CODEC_KEY_PATH, 0, TEST_KEYS, { class: 'payload_codec_key', createdBy: 'test' });
  const ports = opened.use(await openPorts(env, testLog, { client: space.client }));

  let workers: Workers | undefined;
  const worker = {
    start: async () => {
      if (workers) return;
      quietRuntime();
      workers = startWorkers({
        temporal: env.temporal,
        dataConverter: ports.temporal.dataConverter,
        activities: createActivities({ ...ports, catalogue }),
        bundle: { codePath: await cachedBundle() },
        log: testLog,
      });
      await workers.ready;
    },
    stop: async () => {
      await workers?.stop();
      workers = undefined;
    },
  };
  opened.defer(worker.stop);

  const all = opened.move();
  const close = () => all.disposeAsync();
  const { client, connection, temporal } = space;
  const { namespace } = temporal;
  return {
    ports,
    client,
    connection,
    namespace,
    emulator,
    database,
    env,
    worker,
    withPort: replacer(ports),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const replacer =
  (ports: Ports): Ground['withPort'] =>
  (overrides) => {
    const undos = Object.entries(overrides).map(([name, methods]) => {
      const port = ports[name as keyof Replaceable];
      const before = { ...port };
      Object.assign(port, methods);
      return () => Object.assign(port, before);
    });
    return () => undos.forEach((undo) => undo());
  };
