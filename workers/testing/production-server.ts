import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../scripts/lib/ports.ts';
import { temporalAnswers } from '../../scripts/lib/temporal.ts';
import type { TemporalServerPrograms } from '../../scripts/lib/temporal-server.ts';

const GUARD = fileURLToPath(new URL('../../scripts/lib/guard.mjs', import.meta.url));
const READY_MS = 60_000;
const SERVICES = ['frontend', 'history', 'matching', 'worker'] as const;
const STORES = ['temporal', 'visibility'] as const;
/** As the dev server of the other tests has it. */
const DYNAMIC = { 'matching.useNewMatcher': [{ value: true }], 'matching.enableFairness': [{ value: true }] };

export interface ProductionServer extends AsyncDisposable {
  address: string;
}

/** A database for each of Temporal's stores, with the tables of this version. */
async function makeTables({ sql }: TemporalServerPrograms, { hostname, port }: URL): Promise<void> {
  const where = ['--plugin', 'postgres12', '--endpoint', hostname, '--port', port, '--user', 'postgres'];
  const tool = (database: string, ...args: string[]) => promisify(execFile)(sql, [...where, '--db', database, ...args]);
  await Promise.all(
    STORES.map(async (store) => {
      await tool(store, 'setup-schema', '--version', '0.0');
      await tool(store, 'update-schema', '--schema-name', `postgresql/v12/${store}`);
    }),
  );
}

async function makeDatabases(url: URL): Promise<void> {
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const store of STORES) await client.query(`CREATE DATABASE ${store}`);
  } finally {
    await client.end();
  }
}

/** Each service has pools of its own: together they stay below the hundred connections of a PostgreSQL. */
const datastore = ({ host }: URL, databaseName: string, maxConns: number) => ({
  sql: {
    pluginName: 'postgres12',
    databaseName,
    connectAddr: host,
    connectProtocol: 'tcp',
    user: 'postgres',
    maxConns,
    maxIdleConns: maxConns,
    maxConnLifetime: '1h',
  },
});

/** All four services in one process, on loopback. */
async function configuration(database: URL, dynamicFile: string) {
  const services = await Promise.all(
    SERVICES.map(async (name) => {
      // Temporal's table of members has two bytes with a sign for a port, and ours are low enough.
      const [grpcPort, membershipPort] = await Promise.all([freePort(), freePort()]);
      return { name, rpc: { grpcPort, membershipPort, bindOnLocalHost: true } };
    }),
  );
  const address = `127.0.0.1:${services[0]?.rpc.grpcPort}`;
  const active = { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: address };
  return {
    address,
    config: {
      log: { stdout: true, level: 'error' },
      persistence: {
        defaultStore: 'temporal',
        visibilityStore: 'visibility',
        numHistoryShards: 4,
        datastores: { temporal: datastore(database, 'temporal', 10), visibility: datastore(database, 'visibility', 5) },
      },
      global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
      services: Object.fromEntries(services.map(({ name, rpc }) => [name, { rpc }])),
      clusterMetadata: {
        enableGlobalNamespace: false,
        failoverVersionIncrement: 10,
        masterClusterName: 'active',
        currentClusterName: 'active',
        clusterInformation: { active },
      },
      dynamicConfigClient: { filepath: dynamicFile, pollInterval: '60s' },
    },
  };
}

/** The Temporal server that production runs, on the empty PostgreSQL at `databaseUrl`. It dies with the test's process. */
export async function startProductionServer(
  programs: TemporalServerPrograms,
  databaseUrl: string,
): Promise<ProductionServer> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'biz-temporal-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const database = new URL(databaseUrl);
  await makeDatabases(database);
  await makeTables(programs, database);

  const [file, dynamicFile] = [path.join(folder, 'temporal.yaml'), path.join(folder, 'dynamic.yaml')];
  const { address, config } = await configuration(database, dynamicFile);
  // JSON is YAML.
  await Promise.all([writeFile(file, JSON.stringify(config)), writeFile(dynamicFile, JSON.stringify(DYNAMIC))]);
  const command = [programs.server, '--config-file', file, '--allow-no-auth', 'start'];
  const logFile = path.join(folder, 'temporal.log');
  await using log = await open(logFile, 'w');
  const child = spawn(process.execPath, [GUARD, '-', 'SIGKILL', ...command], {
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
  });
  const ended = once(child, 'exit');
  opened.defer(async () => {
    child.stdin?.end();
    await ended;
  });
  const gone = () => child.exitCode !== null;
  if (!(await temporalAnswers(address, READY_MS, gone, 'temporal-system'))) {
    throw new Error(`Temporal as in production does not answer: ${(await readFile(logFile, 'utf8')).slice(-2000)}`);
  }
  const all = opened.move();
  return { address, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
