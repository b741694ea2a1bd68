import { createActivities } from '../activities/index.ts';
import { readEnv } from '../adapters/env.ts';
import { openPorts } from '../adapters/index.ts';
import { createLog } from '../adapters/log.ts';
import { setUpTemporal } from '../adapters/temporal/setup.ts';
import { catalogue } from '../agents/index.ts';
import { cachedBundle } from './bundle.ts';
import { installRuntime } from './options.ts';
import { startWorkers } from './run.ts';

/** A stop that hangs is cut short: whoever started us waits, and tasks go back to their queues by themselves. */
const STOP_MS = 30_000;

const env = readEnv(process.env);
const log = createLog(env.logLevel);
installRuntime(log);
const ports = await openPorts(env, log);
const { connection, dataConverter } = ports.temporal;

const workers = startWorkers({
  temporal: env.temporal,
  dataConverter,
  activities: createActivities({ ...ports, catalogue }),
  bundle: { codePath: env.workflowBundle ?? (await cachedBundle()) },
  log,
  prepare: () => setUpTemporal(connection, env.temporal.namespace, log),
});

const stop = () => {
  setTimeout(() => process.exit(1), STOP_MS).unref();
  void workers.stop();
};
for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, stop);

workers.ready.then(
  () => process.stdout.write(`${JSON.stringify({ ready: true })}\n`),
  () => undefined,
);
await workers.done;
await ports[Symbol.asyncDispose]();
// The IPC channel, while it is open, would keep a process alive that has nothing left to do.
if (process.connected) process.disconnect();
