import { ApplicationFailure, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { ConnectionRef } from '../../activities/connections.ts';
import type { Granted } from '../../activities/grants.ts';
import type { AuthWay } from '../../ports/connectors.ts';
import type { StreamChoice } from '../../ports/tenants.ts';
import { interactive, own } from './activities.ts';
import * as messages from './connection-messages.ts';
import type { ConnectionInput, Given } from './connection-messages.ts';
import type { States } from './connection-states.ts';
import { asFailure } from './failures.ts';
import type { createSerial } from './serial.ts';
import type { TokenKeeper } from './token-keeper.ts';

/** How often one caller has a token renewed: what is under way, the one after it, and once more. */
const REFRESHES_MAX = 3;
/** How long one who disconnects waits to hear of the rest. The connection is dead before. */
const END_HEARD = '20 seconds';

interface Parts {
  input: ConnectionInput;
  states: States;
  keeper: TokenKeeper;
  inTurn: ReturnType<typeof createSerial>;
  handledStates: string[];
  /** Tells whoever waits for the first outcome. */
  settled: (connected: boolean) => Promise<void>;
}

const refuse = (code: string, message: string) => ApplicationFailure.nonRetryable(message, code);

/** What people and callers may ask of a connection. Gives how many updates came. */
export function listen({ input, states, keeper, inTurn, handledStates, settled }: Parts): () => number {
  const { tenantId, connectionId, connectorId, sync } = input;
  const ref: ConnectionRef = { tenantId, connectionId };
  let updates = 0;
  let opening: Promise<unknown> | undefined;

  /** One that stands alone makes its own row. When it cannot, there is nothing to wait for. */
  const open = async () => {
    if (input.notify !== null || states.view.state !== 'pending') return;
    opening ??= own.createConnection(tenantId, connectionId, connectorId, sync);
    await opening.catch(async (error: unknown) => {
      await states.vanish();
      throw error;
    });
  };

  const notEnded = () => {
    if (states.ending || states.view.state === 'disconnected')
      throw refuse('conflict', 'this connection was disconnected; make a new one');
  };
  const made = () => {
    notEnded();
    if (states.view.state === 'pending') throw refuse('not_connected', 'nobody has made this connection yet');
  };
  /** One change by a person, after what is under way. */
  const change = async (task: () => Promise<void>) => {
    updates += 1;
    return inTurn(async () => {
      notEnded();
      try {
        await task();
      } catch (error) {
        throw asFailure(error);
      }
      return states.view;
    });
  };

  const connectWith = async (given: Given, obtain: (way: AuthWay) => Promise<Granted>): Promise<void> => {
    const { staged, methodId, settings, actor, acceptOtherAccount = false } = given;
    const [way, isFirst] = [{ connectorId, methodId, settings }, states.view.state === 'pending'];
    const held = [staged];
    try {
      await open();
      const granted = await obtain(way);
      held.push(granted.held);
      states.learn(await interactive.keepGrant(ref, way, granted, acceptOtherAccount));
      await states.works(actor);
      if (isFirst && !states.ending) await settled(true);
    } finally {
      await CancellationScope.nonCancellable(() => Promise.all(held.map((each) => own.discardStaged(each))));
    }
  };
  const connects = { validator: (_given: Given) => notEnded() };

  setHandler(messages.statusQuery, () => states.view);
  setHandler(messages.openUpdate, () => change(open));
  setHandler(
    messages.submitCredentialsUpdate,
    (given) => change(() => connectWith(given, (way) => interactive.grantByForm(way, given.staged))),
    connects,
  );
  setHandler(
    messages.importGrantUpdate,
    (given) =>
      change(() => connectWith(given, (way) => interactive.grantByImport(way, given.staged, given.expiresAt ?? null))),
    connects,
  );
  setHandler(
    messages.completeAuthorizationUpdate,
    (given) =>
      change(async () => {
        // The Back button, a second tab: the code was exchanged once, and the answer is the same.
        if (handledStates.includes(given.stateHash)) return own.discardStaged(given.staged);
        await connectWith(given, (way) => interactive.grantByRedirect(way, given.staged));
        handledStates.splice(0, handledStates.length - 19);
        handledStates.push(given.stateHash);
      }),
    connects,
  );
  setHandler(messages.testUpdate, () => change(() => keeper.check()), {
    validator: () => {
      made();
      if (states.view.state === 'disabled') throw refuse('not_connected', 'this connection is switched off');
    },
  });
  setHandler(messages.disableUpdate, ({ actor }) => change(() => states.switchOff(actor)), {
    validator: (_by: { actor: string }) => made(),
  });
  setHandler(
    messages.enableUpdate,
    ({ actor }) =>
      change(async () => {
        if (states.view.state === 'disabled') await keeper.check(actor);
      }),
    { validator: (_by: { actor: string }) => made() },
  );
  setHandler(messages.chooseSyncsUpdate, ({ sync: chosen, everyMs }) => change(() => states.choose(chosen, everyMs)), {
    validator: (_chosen: { actor: string; sync: StreamChoice[]; everyMs: number }) => notEnded(),
  });
  setHandler(messages.refreshUpdate, async ({ observedVersion }) => {
    updates += 1;
    const dead = () => refuse('reauth_required', states.view.reason?.message ?? 'connect again');
    const { state } = states.view;
    if (state === 'pending' || state === 'disabled')
      throw refuse('not_connected', state === 'pending' ? 'nobody has made this connection yet' : 'it is switched off');
    if (state === 'reauth_required' || states.ending) throw dead();
    // Who knows already of the token that a refresh under way will bring wants the one after it.
    for (let tries = 0; states.view.secretVersion <= observedVersion; tries += 1) {
      if (tries === REFRESHES_MAX) throw refuse('unavailable', 'the token was not renewed yet; try again shortly');
      await keeper.refresh().catch((error: unknown) => {
        throw states.view.state === 'reauth_required' ? dead() : error;
      });
    }
    return { version: states.view.secretVersion };
  });
  setHandler(messages.disconnectUpdate, async ({ actor }) => {
    updates += 1;
    const waited = states.view.state === 'pending';
    if (!states.ending) {
      if (waited) await open();
      await states.beginEnd(actor);
      if (waited) await settled(false);
    }
    await condition(() => states.view.state === 'disconnected', END_HEARD);
    return states.view;
  });
  return () => updates;
}
