import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { DataConverter, WorkerStatus, WorkflowBundleOption } from '@temporalio/worker';
import type { Env } from '../adapters/env.ts';
import { connectionOptions } from '../adapters/temporal/client.ts';
import type { Log } from '../adapters/log.ts';
import { QUEUES } from '../ports/operations.ts';
import { workerOptions, runsWorkflows } from './options.ts';
import type { Queue } from './options.ts';

const RETRY_MS = 1000;

export interface WorkersInput {
  temporal: Env['temporal'];
  dataConverter: DataConverter;
  activities: object;
  bundle: WorkflowBundleOption;
  log: Log;
  /** What the namespace needs, done again whenever Temporal comes back. */
  prepare?: () => Promise<void>;
}

export interface Workers {
  /** All queues are polled. Rejects when stopped before. */
  ready: Promise<void>;
  /** Ends when all is stopped. */
  done: Promise<void>;
  /** Lets activities at work end. Any number of times. */
  stop: () => Promise<void>;
  health: () => Record<string, WorkerStatus['runState'] | 'CONNECTING'>;
}

/** One worker for each queue, for as long as the process lives: when Temporal is away they wait, and come back with it. */
export function startWorkers({ temporal, dataConverter, activities, bundle, log, prepare }: WorkersInput): Workers {
  const running = new Map<Queue, { worker: Worker; run: Promise<void> }>();
  const stopping = new AbortController();
  const { promise: ready, resolve: isReady, reject: isStopped } = Promise.withResolvers<void>();
  ready.catch(() => undefined);

  const open = (queue: Queue, connection: NativeConnection) =>
    Worker.create({
      connection,
      namespace: temporal.namespace,
      dataConverter,
      activities,
      ...(runsWorkflows(queue) ? { workflowBundle: bundle } : {}),
      ...workerOptions(queue, log),
    });

  const round = async () => {
    const connection = await NativeConnection.connect(connectionOptions(temporal));
    try {
      await prepare?.();
      const queues = Object.keys(QUEUES) as Queue[];
      const workers = await Promise.all(queues.map(async (queue) => [queue, await open(queue, connection)] as const));
      for (const [queue, worker] of workers) running.set(queue, { worker, run: worker.run() });
      const runs = [...running.values()].map(({ run }) => run);
      if (stopping.signal.aborted) void stopAll();
      isReady();
      // One that dies takes the others along, and all of them begin again.
      await Promise.race(runs).finally(async () => {
        await stopAll();
        return Promise.allSettled(runs);
      });
    } finally {
      running.clear();
      await connection.close();
    }
  };

  /** Activities first: the workflow that an ending one wakes goes on here, and need not wait for another process to notice. */
  const stopAll = async () => {
    const shutDown = ({ worker }: { worker: Worker }) => void (worker.getState() === 'RUNNING' && worker.shutdown());
    const all = [...running];
    const activities = all.filter(([queue]) => !runsWorkflows(queue)).map(([, each]) => each);
    activities.forEach(shutDown);
    await Promise.allSettled(activities.map(({ run }) => run));
    for (const [, each] of all) shutDown(each);
  };

  const keepRunning = async () => {
    while (!stopping.signal.aborted) {
      try {
        await round();
      } catch (error) {
        log.error({ error }, 'workers lost Temporal, or the keys of payloads, and begin again');
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    isStopped(new Error('the workers were stopped before they were ready'));
  };
  const done = keepRunning();

  return {
    ready,
    done,
    stop: () => {
      stopping.abort();
      void stopAll();
      return done;
    },
    health: () =>
      Object.fromEntries(
        Object.keys(QUEUES).map((queue) => [queue, running.get(queue as Queue)?.worker.getState() ?? 'CONNECTING']),
      ),
  };
}
