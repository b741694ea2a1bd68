import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { TenantId } from '../../ports/ids.ts';
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

/** The same into another of the tenant's systems, where each record is a write that is waited for. */
export const transfers = proxyActivities<Activities>({
  taskQueue: QUEUES.transfers,
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '1 day',
  retry: backoff,
});

/** Writes into a tenant's system: retried for a day, each attempt longer than any HTTP deadline within it. */
export const writes = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '3 minutes',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '1 day',
  retry: backoff,
});

/**
 * The one call to a token endpoint, on a queue where nothing waits for a refresh. An attempt that is not heard of for 30 s is
 * over: longer than any call within it, so that no two ever ask at once. One that holds an answer which the secret store cannot
 * take yet lives on and waits for it. When to ask a vendor that is away, or has had enough, is for the connection to say.
 */
export const tokens = proxyActivities<Activities>({
  taskQueue: QUEUES.tokens,
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30s',
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

const ofAgents = {
  taskQueue: QUEUES.agents,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '20s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: backoff,
} as const;

/** Our own work around the turns and calls of agents. An outage, or a long queue, delays a run and never ends it. */
export const planning = proxyActivities<Activities>(ofAgents);

/** Tools of agents. One that does not answer for an hour is told to the model as such. */
export const thinking = proxyActivities<Activities>({ ...ofAgents, scheduleToCloseTimeout: '1 hour' });

/**
 * Model turns: after a quarter of an hour of one and the same another model is turned to. Tenants take turns where many wait.
 */
export const modelTurns = (tenantId: TenantId) =>
  proxyActivities<Activities>({
    taskQueue: QUEUES.agents,
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '20s',
    scheduleToCloseTimeout: '15 minutes',
    priority: { fairnessKey: tenantId },
    retry: backoff,
  });

/**
 * A step of a rotation: given up after a day, and one that is at work is waited for before it is undone, so that nothing is
 * made behind the undo.
 */
export const rotating = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '1 day',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { ...backoff, maximumInterval: '15 minutes' },
});

/** The same while a person waits for it: a few tries, then the truth. */
export const rotatingNow = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '90s',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '3 minutes',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { ...backoff, maximumAttempts: 3 },
});

/** What a rotation asks until it is answered: whether the predecessor is needed, and that the successor go. */
export const rotatingAlways = proxyActivities<Activities>({
  taskQueue: QUEUES.connectors,
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '15s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { ...backoff, maximumInterval: '15 minutes' },
});
