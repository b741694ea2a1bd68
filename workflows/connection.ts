import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ConnectionRef, ConnectionView } from '../activities/connections.ts';
import type { UserId } from '../ports/ids.ts';
import { CONNECTION_PENDING_MAX, MESSAGES } from '../ports/operations.ts';
import type { StagedRef } from '../ports/secrets.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import { interactive, own } from './lib/activities.ts';
import { blockedBy } from './lib/attributes.ts';
import { dismantle, giveUp, goDown, recover } from './lib/connection-states.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { createSerial } from './lib/serial.ts';
import { createTokenKeeper } from './lib/token-keeper.ts';

export interface ConnectionInput extends ConnectionRef {
  connectorId: string;
  sync: StreamChoice[];
  /** The workflow that waits for the first outcome. */
  notify: string | null;
  /** What a run hands to the one that goes on after it. */
  carried?: { view: ConnectionView; handledStates: string[] };
}

export interface ConnectionSettled {
  connectionId: string;
  connected: boolean;
}

export const submitCredentialsUpdate = defineUpdate<
  ConnectionView,
  [{ staged: StagedRef; settings: Record<string, string>; actor: UserId }]
>(MESSAGES.submitCredentials);
export const completeAuthorizationUpdate = defineUpdate<
  ConnectionView,
  [{ staged: StagedRef; stateHash: string; actor: UserId }]
>(MESSAGES.completeAuthorization);
export const refreshUpdate = defineUpdate<{ version: number }, [{ observedVersion: number }]>(MESSAGES.refresh);
export const disconnectUpdate = defineUpdate<ConnectionView, [{ actor: UserId }]>(MESSAGES.disconnect);
export const credentialRejectedSignal = defineSignal(MESSAGES.credentialRejected);
export const connectionSettledSignal = defineSignal<[ConnectionSettled]>(MESSAGES.connectionSettled);
export const statusQuery = defineQuery<ConnectionView>(MESSAGES.status);

/** Long before the server's 2,000 updates of one run. */
const UPDATES_MAX = 1000;

/** One connection of a tenant, from the first authorization to disconnect: the only refresher of its token. */
export async function connection(input: ConnectionInput): Promise<void> {
  const ref: ConnectionRef = { tenantId: input.tenantId, connectionId: input.connectionId };
  const { connectorId, sync } = input;
  const inTurn = createSerial();
  const handledStates = input.carried?.handledStates ?? [];
  let view: ConnectionView = input.carried?.view ?? {
    state: 'pending',
    reason: null,
    accountName: null,
    secretVersion: 0,
    tokenExpiresAt: null,
  };
  let updates = 0;
  let suspected = false;

  const become = (next: ConnectionView) => void (view = next);
  const settled = async (connected: boolean) => {
    if (!input.notify) return;
    const fact = { connectionId: input.connectionId, connected };
    // Whoever waited may have ended meanwhile; then nobody needs to know.
    await getExternalWorkflowHandle(input.notify)
      .signal(connectionSettledSignal, fact)
      .catch(() => undefined);
  };
  const connectWith = async (staged: StagedRef, connect: () => Promise<ConnectionView>): Promise<ConnectionView> => {
    updates += 1;
    try {
      const before = view.state;
      const next = await connect();
      if (before !== 'pending') await recover(ref, sync);
      become(next);
      if (before === 'pending') await settled(true);
      return next;
    } catch (error) {
      throw asFailure(error);
    } finally {
      await CancellationScope.nonCancellable(() => own.discardStaged(staged));
    }
  };
  const open = () => {
    if (view.state === 'disconnecting' || view.state === 'disconnected')
      throw ApplicationFailure.nonRetryable('this connection was disconnected; make a new one', 'conflict');
  };

  const keeper = createTokenKeeper({ ref, connectorId, sync, inTurn, current: () => view, become });

  setHandler(statusQuery, () => view);
  setHandler(credentialRejectedSignal, () => void (suspected = view.state === 'healthy'));
  setHandler(
    submitCredentialsUpdate,
    ({ staged, settings }) =>
      inTurn(() => connectWith(staged, () => interactive.connectByCredential(ref, connectorId, staged, settings))),
    {
      validator: (_given: { staged: StagedRef; settings: Record<string, string>; actor: UserId }) => open(),
    },
  );
  setHandler(
    completeAuthorizationUpdate,
    ({ staged, stateHash }) =>
      inTurn(async () => {
        // The Back button, a second tab: the code was exchanged once, and the answer is the same.
        if (handledStates.includes(stateHash)) return view;
        const next = await connectWith(staged, () => interactive.connectByCode(ref, connectorId, staged));
        handledStates.splice(0, handledStates.length - 19);
        handledStates.push(stateHash);
        return next;
      }),
    { validator: (_given: { staged: StagedRef; stateHash: string; actor: UserId }) => open() },
  );
  setHandler(refreshUpdate, async ({ observedVersion }) => {
    updates += 1;
    if (view.state === 'reauth_required')
      throw ApplicationFailure.nonRetryable(view.reason?.message ?? 'connect again', 'reauth_required');
    if (view.state === 'pending')
      throw ApplicationFailure.nonRetryable('nobody has made this connection yet', 'not_connected');
    if (view.secretVersion <= observedVersion) await keeper.refresh();
    return { version: view.secretVersion };
  });
  setHandler(disconnectUpdate, () =>
    inTurn(async () => {
      const waiting = view.state === 'pending';
      become({ ...view, state: 'disconnecting' });
      become(await dismantle(ref, sync));
      if (waiting) await settled(false);
      return view;
    }),
  );

  try {
    if (view.state === 'pending') {
      const left = () => view.state !== 'pending';
      if (!(await blockedBy('auth', condition(left, CONNECTION_PENDING_MAX)))) {
        become(await giveUp(ref));
        await settled(false);
        return;
      }
    }
    while (view.state !== 'disconnected') {
      const seen = view;
      const due = keeper.dueMs();
      const woken = () => view !== seen || suspected || updates >= UPDATES_MAX;
      const early = due === undefined ? (await condition(woken), true) : due > 0 && (await condition(woken, due));
      if (suspected) {
        suspected = false;
        become(await inTurn(() => recheck(ref, input, view)));
      } else if (!early) {
        // A failed refresh has said so in the connection's state, or is tried again later.
        await keeper.refresh().catch((error: unknown) => {
          if (isCancellation(error)) throw error;
        });
      }
      if (updates >= UPDATES_MAX || workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof connection>({ ...input, carried: { view, handledStates } });
      }
    }
    await condition(allHandlersFinished);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => dismantle(ref, sync));
    throw error;
  }
}

/** Somebody was refused with this credential: ask the vendor once more before calling it dead. */
async function recheck(
  ref: ConnectionRef,
  { connectorId, sync }: ConnectionInput,
  view: ConnectionView,
): Promise<ConnectionView> {
  try {
    await interactive.testConnection(ref);
    return view;
  } catch (error) {
    const { code, message } = rootFailure(error);
    // An outage never marks a grant dead.
    if (code !== 'credential_rejected' && code !== 'reauth_required') return view;
    return goDown(ref, sync, connectorId, 'reauth_required', code, message);
  }
}
