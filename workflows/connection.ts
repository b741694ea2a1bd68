import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ConnectionRef, ConnectionView } from '../activities/connections.ts';
import { CONNECTION_PENDING_MAX_MS } from '../ports/operations.ts';
import { blockedBy } from './lib/attributes.ts';
import { listen } from './lib/connection-handlers.ts';
import { connectionSettledSignal, credentialRejectedSignal, rollOverSignal } from './lib/connection-messages.ts';
import type { ConnectionInput } from './lib/connection-messages.ts';
import { createStates, dismantle, giveUp } from './lib/connection-states.ts';
import { createSerial } from './lib/serial.ts';
import { createTokenKeeper } from './lib/token-keeper.ts';

export * from './lib/connection-messages.ts';

/** Long before the server's 2,000 updates of one run, and before a history that is slow to replay. */
const UPDATES_MAX = 1000;
const EVENTS_MAX = 2000;
const HISTORY_BYTES_MAX = 512 * 1024;

const NEW: ConnectionView = {
  state: 'pending',
  reason: null,
  accountName: null,
  secretVersion: 0,
  tokenExpiresAt: null,
  missingScopes: [],
};

/** At once, and what failed of an end again, ever later. */
const endDueMs = (tries: number): number => (tries === 0 ? 0 : Math.min(1000 * 2 ** tries, 60_000));

/** One connection of a tenant, from the first authorization to disconnect: the only refresher of its token. */
export async function connection(input: ConnectionInput): Promise<void> {
  const { tenantId, connectionId, connectorId, sync, everyMs, carried } = input;
  const ref: ConnectionRef = { tenantId, connectionId };
  const inTurn = createSerial();
  const handledStates = carried?.handledStates ?? [];
  const states = createStates({ ref, connectorId, sync, everyMs, first: { ...NEW, ...carried?.view } });
  const tokenSinceMs = carried?.tokenSinceMs ?? Date.now();
  const keeper = createTokenKeeper({ ref, connectorId, states, inTurn, tokenSinceMs });
  const pendingSinceMs = carried?.pendingSinceMs ?? Date.now();
  let suspected = false;
  let rolling = false;

  const settled = async (connected: boolean) => {
    if (!input.notify) return;
    // Whoever waited may have ended meanwhile; then nobody needs to know.
    await getExternalWorkflowHandle(input.notify)
      .signal(connectionSettledSignal, { connectionId, connected })
      .catch(() => undefined);
  };
  const updates = listen({ input, states, keeper, inTurn, handledStates, settled });
  setHandler(credentialRejectedSignal, () => void (suspected = true));
  setHandler(rollOverSignal, () => void (rolling = true));

  const isFull = () => {
    const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
    const isLong = historyLength > EVENTS_MAX || historySize > HISTORY_BYTES_MAX;
    return rolling || updates() >= UPDATES_MAX || continueAsNewSuggested || isLong;
  };
  const goOn = async () => {
    await condition(allHandlersFinished);
    const { view } = states;
    const next = { view, handledStates, tokenSinceMs: keeper.tokenSinceMs };
    const waiting = view.state === 'pending' ? { pendingSinceMs } : {};
    await continueAsNew<typeof connection>({ ...input, ...states.chosen, carried: { ...next, ...waiting } });
  };
  const findOut = async () => {
    suspected = false;
    if (states.view.state !== 'healthy' && states.view.state !== 'degraded') return;
    const message = 'the vendor refused a call; it is asked once more';
    await states.become('suspect', { code: 'credential_rejected', message });
    await keeper.check();
  };
  const act = (isDue: boolean): Promise<void> | undefined => {
    if (states.ending) return inTurn(() => states.end());
    if (suspected) return inTurn(findOut);
    return isDue ? keeper.tend() : undefined;
  };

  try {
    if (states.view.state === 'pending') {
      const left = () => states.view.state !== 'pending' || rolling;
      const inMs = pendingSinceMs + CONNECTION_PENDING_MAX_MS - Date.now();
      if (!(await blockedBy('auth', condition(left, Math.max(1, inMs))))) {
        await giveUp(ref);
        await settled(false);
        return;
      }
      if (rolling) await goOn();
    }
    let ends = 0;
    while (states.view.state !== 'disconnected') {
      const seen = states.view;
      const woken = () => states.view !== seen || suspected || isFull();
      // Somebody may have disconnected it while it was at something else: nothing more would wake it.
      const isOverlooked = states.ending && patched('an-end-is-not-overlooked');
      const due = isOverlooked ? endDueMs(ends++) : keeper.dueMs();
      const early = due === undefined ? (await condition(woken), true) : due > 0 && (await condition(woken, due));
      // What failed stands in the connection's state, and is tried again in its time.
      await act(!early)?.catch((error: unknown) => {
        if (isCancellation(error)) throw error;
      });
      if (isFull()) await goOn();
    }
    await condition(allHandlersFinished);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => dismantle(ref, states.chosen.sync));
    throw error;
  }
}
