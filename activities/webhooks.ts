import type { Connection } from '../ports/connections.ts';
import { isFault } from '../ports/errors.ts';
import { TenantId } from '../ports/ids.ts';
import type { Scope } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { Note } from '../ports/notifications.ts';
import type { StreamRef } from '../ports/syncs.ts';
import type { EventMeaning, EventOutcome, WaitingEvent } from '../ports/webhooks.ts';
import type { ConnectionRef } from './connections.ts';

/** What the next events of an inbox ask for. References only: what they said of records is never looked at. */
export interface InboxPlan {
  outcomes: EventOutcome[];
  /** Streams to read again, each once. */
  wakes: StreamRef[];
  /** Records that are said to be gone. */
  gone: { seq: number; ref: StreamRef; externalId: string }[];
  /** Connections whose grant is said to have been taken back. */
  ends: ConnectionRef[];
  notes: { scope: Scope; note: Note }[];
}

const BATCH = 50;
/** So long, whoever stored an event may still be about to wake its inbox. */
const PATIENCE_MS = 30_000;
const AT_REST = new Set<Connection['state']>(['pending', 'disabled', 'disconnecting', 'disconnected']);

type Needs = Pick<Ports, 'webhooks' | 'webhookInbox' | 'connections' | 'workflows'>;

export const createWebhookActivities = ({ webhooks, webhookInbox, connections, workflows }: Needs) => {
  const kept = async ({ tenantId, connectionId }: ConnectionRef): Promise<Connection | null> => {
    try {
      const connection = await connections.get(tenantId, connectionId);
      return AT_REST.has(connection.state) ? null : connection;
    } catch (error) {
      if (isFault(error, 'not_found')) return null;
      throw error;
    }
  };

  /** Connections that are at work and whose own account it is. */
  const takersOf = async (scope: Scope, event: WaitingEvent): Promise<Connection[]> => {
    const { connectorId, connectionId, accountId } = event;
    const { accountSetting } = webhooks.info(connectorId);
    const own = connectionId === null ? null : { tenantId: TenantId.parse(scope), connectionId };
    const refs = own ? [own] : accountId === null ? [] : await webhookInbox.takers(connectorId, accountId);
    const found = (await Promise.all(refs.map(kept))).filter((one) => one !== null);
    if (accountSetting === null || accountId === null) return found;
    return found.filter(({ settings }) => settings[accountSetting] === accountId);
  };

  const tell = (scope: Scope, { seq, connectorId }: WaitingEvent, sentence: string, taker?: Connection) => ({
    scope: taker?.tenantId ?? scope,
    note: {
      key: `webhook/${seq}`,
      roles: (taker?.tenantId ?? scope) === 'platform' ? ['platform_admin', 'super_admin'] : ['tenant_admin'],
      kind: 'webhook',
      subject: `${connectorId}: ${sentence}`,
      link: '/api/v1/webhook-endpoints',
    },
  });

  const follow = (plan: InboxPlan, event: WaitingEvent, meaning: EventMeaning, taker: Connection): void => {
    const { tenantId, id: connectionId, sync } = taker;
    if (meaning.ends) plan.ends.push({ tenantId, connectionId });
    for (const [place, stream] of meaning.streams.entries()) {
      if (!sync.some((choice) => choice.stream === stream)) continue;
      const ref = { tenantId, connectionId, stream };
      if (meaning.deletes && place === 0 && event.recordId !== null) {
        plan.gone.push({ seq: event.seq, ref, externalId: event.recordId });
      } else if (!plan.wakes.some((one) => one.connectionId === connectionId && one.stream === stream)) {
        plan.wakes.push(ref);
      }
    }
  };

  const add = async (plan: InboxPlan, scope: Scope, event: WaitingEvent): Promise<void> => {
    const { seq, connectorId, type } = event;
    const meaning = webhooks.meaning(connectorId, type);
    if (meaning === null) {
      plan.outcomes.push({ seq, state: 'unknown', message: 'no connector knows what this type means' });
      return;
    }
    const takers = await takersOf(scope, event);
    // What a person must act on is told also when the connection is gone by then.
    const [first] = takers;
    if (meaning.tells !== null) plan.notes.push(tell(scope, event, meaning.tells, first));
    for (const taker of takers) follow(plan, event, meaning, taker);
    const message = first ? null : 'no connection at work takes the events of this account';
    plan.outcomes.push({ seq, state: 'done', message });
  };

  return {
    /** The oldest events that wait, and what they ask for; no outcomes: nothing waits. */
    planInbox: async (scope: Scope, endpointId: string): Promise<InboxPlan> => {
      const plan: InboxPlan = { outcomes: [], wakes: [], gone: [], ends: [], notes: [] };
      for (const event of await webhookInbox.waiting(scope, endpointId, BATCH)) await add(plan, scope, event);
      return plan;
    },

    /** Any number of times: a stream that is read already is read once more, by the vendor's own word of now. */
    wakeSyncs: async (refs: StreamRef[]): Promise<void> => {
      for (const ref of refs) {
        const connection = await kept(ref);
        const choice = connection?.sync.find(({ stream }) => stream === ref.stream);
        if (connection && choice) {
          const { connectorId } = connection;
          await workflows.wakeSync(ref, { connectorId, sink: choice.sink, target: choice.target });
        }
      }
    },

    settleEvents: (scope: Scope, outcomes: EventOutcome[]): Promise<void> => webhookInbox.settle(scope, outcomes),

    /** Inboxes that hold something and that nobody woke: Temporal was away, or a process died behind its answer. */
    wakeSleepingInboxes: async (): Promise<number> => {
      const sleeping = await webhookInbox.sleeping(new Date(Date.now() - PATIENCE_MS).toISOString());
      for (const { scope, id } of sleeping) await workflows.wakeInbox(scope, id);
      return sleeping.length;
    },
  };
};
