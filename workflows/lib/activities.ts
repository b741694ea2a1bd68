import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { QUEUES } from '../../ports/operations.ts';

const backoff = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** Reads and writes of our own database that end in milliseconds: no round trip through a task queue. */
export const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '10s', retry: backoff });

/** Our own stores, secrets and schedules. Retried until they answer: an outage delays, it never fails, an operation. */
export const own = proxyActivities<Activities>({ startToCloseTimeout: '30s', retry: backoff });

/** Calls that a person waits for: a few tries, then the truth. Every HTTP deadline is below the 90 s. */
export const interactive = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '90s',
  scheduleToCloseTimeout: '3 minutes',
  retry: { ...backoff, maximumAttempts: 3 },
});

/** Moves of pages: long, heartbeating, cancellable at a page. Given up after a day of one and the same page. */
export const pages = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '1 day',
  retry: backoff,
});

/** Writes into a tenant's system: retried for a day, each attempt longer than any HTTP deadline within it. */
export const writes = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '1 day',
  retry: backoff,
});

/**
 * The one call to a token endpoint, on a queue where nothing waits for a refresh. An attempt that is not heard of again is over
 * after 30 s: longer than any call within it, so that no two ever ask at once. When to ask a vendor that is away, or has had
 * enough, is for the connection to say.
 */
export const tokens = proxyActivities<Activities>({
  taskQueue: QUEUES.tokens,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '10 minutes',
  retry: { ...backoff, nonRetryableErrorTypes: ['provider_down', 'provider_garbage', 'provider_rate_limited'] },
});

/** What the vendor should do and nobody waits for: taking back a grant. */
export const patient = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '90s',
  scheduleToCloseTimeout: '1 day',
  retry: { ...backoff, maximumInterval: '1 hour' },
});

/** One channel's delivery of one note. */
export const deliveries = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '90s',
  scheduleToCloseTimeout: '1 day',
  retry: { ...backoff, initialInterval: '5s', maximumInterval: '15 minutes' },
});

/** Model turns and tools. */
export const thinking = proxyActivities<Activities>({
  taskQueue: QUEUES.agents,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '20s',
  scheduleToCloseTimeout: '1 hour',
  retry: backoff,
});
