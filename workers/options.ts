import { Runtime } from '@temporalio/worker';
import type { Logger, RuntimeOptions, WorkerOptions } from '@temporalio/worker';
import { activitySizeGuard } from '../adapters/temporal/size-guard.ts';
import type { Log } from '../adapters/log.ts';
import { QUEUES } from '../ports/operations.ts';
import { failures } from './failures.ts';
import { heartbeats } from './heartbeats.ts';

export type Queue = keyof typeof QUEUES;

/** What one process takes at once from each queue. Model turns and page moves wait for others, so many fit. */
const CONCURRENCY: Record<Queue, Partial<WorkerOptions>> = {
  operations: {
    maxConcurrentActivityTaskExecutions: 50,
    maxConcurrentLocalActivityExecutions: 50,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxCachedWorkflows: 200,
  },
  connectors: { maxConcurrentActivityTaskExecutions: 20 },
  agents: { maxConcurrentActivityTaskExecutions: 20 },
  // Of all processes together, kept by Temporal: after an outage every token is due at once, and vendors count.
  tokens: { maxConcurrentActivityTaskExecutions: 20, maxTaskQueueActivitiesPerSecond: 100 },
  transfers: { maxConcurrentActivityTaskExecutions: 10 },
};

/** Workflows run on `operations` alone; a bundle is needed nowhere else. */
export const runsWorkflows = (queue: Queue) => queue === 'operations';

/** A deploy: no new tasks, ten seconds for those at work, then they are cancelled and go back to their queue. Workflows stop after activities, so both together stay below half a minute. */
const STOP = { shutdownGraceTime: '10s', shutdownForceTime: '14s' } as const;

export const workerOptions = (queue: Queue, log: Log) =>
  ({
    taskQueue: QUEUES[queue],
    ...CONCURRENCY[queue],
    ...STOP,
    interceptors: { activity: [failures(log), activitySizeGuard, heartbeats] },
  }) satisfies Partial<WorkerOptions>;

const sdkLogger = (log: Log): Logger => {
  const print =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta: object = {}) =>
      log[level]({ ...meta }, message);
  const [trace, debug, info, warn, error] = [
    print('trace'),
    print('debug'),
    print('info'),
    print('warn'),
    print('error'),
  ];
  const byLevel = { TRACE: trace, DEBUG: debug, INFO: info, WARN: warn, ERROR: error };
  return { trace, debug, info, warn, error, log: (level, message, meta) => byLevel[level](message, meta) };
};

/** The SDK's own lines print error text, so they pass our redactor. Signals are ours: a process stops once, in order. */
export const runtimeOptions = (log: Log): RuntimeOptions => ({
  logger: sdkLogger(log),
  shutdownSignals: [],
  telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
});

/** Once a process, before its first connection. */
export const installRuntime = (log: Log): void => void Runtime.install(runtimeOptions(log));
