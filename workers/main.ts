import { createActivities } from '../activities/index.ts';
import { loadEnvFile, readEnv } from '../adapters/env.ts';
import { createLog, openPorts } from '../adapters/index.ts';
import { setUpTemporal } from '../adapters/temporal/setup.ts';
import { catalogue } from '../agents/index.ts';
import { cachedBundle } from './bundle.ts';
import { installRuntime } from './options.ts';
import { startWorkers } from './run.ts';
import { keepSchedules } from './schedules.ts';

/** A stop that hangs is cut short: whoever started us waits, and tasks go back to their queues by themselves. */
const STOP_MS = 30_000;

// Listened to from the first moment: whoever started us may be gone before we are ready.
const { promise: told, resolve: tell } = Promise.withResolvers<void>();
for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, () => tell());
if (process.send !== undefined && !process.connected) tell();

async function main(): Promise<void> {
  loadEnvFile();
  const env = readEnv(process.env);
  const log = createLog(env.logLevel);
  installRuntime(log);
  await using ports = await openPorts(env, log);
  const { connection, dataConverter, keysReady } = ports.temporal;
  let schedules = new AbortController();
  const workers = startWorkers({
    temporal: env.temporal,
    dataConverter,
    activities: createActivities({ ...ports, catalogue }),
    bundle: { codePath: env.workflowBundle ?? (await cachedBundle()) },
    log,
    prepare: async () => {
      await keysReady();
      await setUpTemporal(connection, env.temporal.namespace, log);
      schedules.abort();
      schedules = new AbortController();
      void keepSchedules(ports, log, schedules.signal);
    },
  });
  workers.ready.then(
    () => process.stdout.write(`${JSON.stringify({ ready: true })}\n`),
    () => undefined,
  );
  await told;
  setTimeout(() => process.exit(1), STOP_MS).unref();
  schedules.abort();
  await workers.stop();
}

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
