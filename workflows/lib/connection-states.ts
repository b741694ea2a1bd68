import { isCancellation } from '@temporalio/workflow';
import type { ConnectionRef, ConnectionView } from '../../activities/connections.ts';
import type { ConnectionState, StateReason } from '../../ports/connections.ts';
import type { StreamChoice } from '../../ports/tenants.ts';
import { interactive, own, patient } from './activities.ts';
import { blockedFor } from './attributes.ts';
import { rootFailure } from './failures.ts';
import type { Failed } from './failures.ts';

type Why = Pick<Failed, 'code' | 'message'> & Partial<Pick<Failed, 'providerCode'>>;

export interface Life {
  ref: ConnectionRef;
  connectorId: string;
  sync: StreamChoice[];
  everyMs: number | undefined;
  first: ConnectionView;
}

/** States in which nothing is asked of the system. */
const RESTING = new Set<ConnectionState>(['reauth_required', 'disabled']);

const now = () => new Date(Date.now()).toISOString();
const reasonOf = ({ code, message, providerCode = null }: Why, firstAt = now()): StateReason => ({
  code,
  providerCode,
  message,
  firstAt,
  lastAt: now(),
});

/** The states of one connection: each change is kept, and takes what depends on the connection along as a set. */
export const createStates = ({ ref, connectorId, first, ...life }: Life) => {
  let { sync, everyMs } = life;
  let view = first;
  let ending = first.state === 'disconnecting';

  /** A change that was under way when the end began does not bring the connection back. */
  const put = (next: ConnectionView) => {
    const revived = ending && next.state !== 'disconnecting' && next.state !== 'disconnected';
    view = revived ? { ...next, state: 'disconnecting', reason: view.reason } : next;
  };

  const mark = async (
    change: { state: ConnectionState; reason?: StateReason | null },
    by: { actor: string; since: string },
  ): Promise<void> => {
    try {
      put(await own.markConnection(ref, change, by));
    } catch (error) {
      if (rootFailure(error).code !== 'not_found') throw error;
      await vanish();
    }
  };
  /** Its row was taken away, by whoever deletes the tenant or undoes its onboarding. Nothing is left of it. */
  const vanish = async (): Promise<void> => {
    ending = true;
    await own.deleteSchedules(ref, sync);
    await own.destroyCredential(ref);
    put({ ...view, state: 'disconnected', secretVersion: 0, tokenExpiresAt: null });
  };

  /** The same state for the same reason again: only the moment moves. True when it is another. */
  const become = async (state: ConnectionState, why: Why | null, actor = 'connection'): Promise<boolean> => {
    const same = view.state === state && view.reason?.code === why?.code;
    if ((same && why === null) || (ending && state !== 'disconnecting')) return false;
    const reason = why && reasonOf(why, same ? view.reason?.firstAt : undefined);
    const wasDead = view.state === 'reauth_required';
    await mark({ state, reason }, { actor, since: reason?.firstAt ?? now() });
    if (wasDead !== (state === 'reauth_required')) blockedFor(wasDead ? 'none' : 'auth');
    return !same;
  };
  const pause = (why: string) => own.pauseSchedules(ref, sync, why);

  /** The owners, with where they mend it, and the platform's people. Once for each change of state; the moment names it. */
  const tellAll = async (kind: 'reauth_required' | 'healthy', subject: string, at: string) => {
    const note = {
      key: `connection/${ref.connectionId}/${kind}/${at}`,
      kind: `connection.${kind}`,
      link: `/connect/?connection=${ref.connectionId}`,
    };
    await own.tellOfFact(ref.tenantId, { ...note, roles: ['tenant_admin'], subject });
    await own.tellOfFact('platform', {
      ...note,
      roles: ['platform_admin', 'super_admin'],
      subject: `Tenant ${ref.tenantId}: ${subject}`,
    });
  };

  return {
    get view() {
      return view;
    },
    get ending() {
      return ending;
    },
    get chosen() {
      return { sync, ...(everyMs !== undefined && { everyMs }) };
    },
    /** What is new of the credential; the state stays. */
    learn: (news: Partial<ConnectionView>) => put({ ...view, ...news, state: view.state, reason: view.reason }),
    become,

    /** It works, or as much of it as was granted; what had to wait goes on. */
    async works(actor?: string): Promise<void> {
      const before = view.state;
      const missing = view.missingScopes.join(', ');
      const some = `not everything was granted: without ${missing} some of it will be refused; connect again and grant it`;
      await (missing
        ? become('degraded', { code: 'scopes_missing', message: some }, actor)
        : become('healthy', null, actor));
      if (before === 'pending' && everyMs !== undefined) await own.ensureSchedules(ref, connectorId, sync, everyMs);
      if (before === 'reauth_required') await tellAll('healthy', `${connectorId} works again`, now());
      if (before !== 'reauth_required' && before !== 'disabled') return;
      await own.resumeSchedules(ref, sync, 'connected again');
      await own.resumeDependants(ref);
    },

    /** Dead until a person connects again. The owners are told, once. */
    async dies(why: Why): Promise<void> {
      const what = `${connectorId} must be connected again: ${why.message}`;
      await pause(what);
      if (!(await become('reauth_required', why))) return;
      await tellAll('reauth_required', what, view.reason?.firstAt ?? now());
    },

    async choose(wanted: StreamChoice[], wantedEveryMs: number): Promise<void> {
      const { dropped } = await own.chooseStreams(ref, wanted);
      await own.deleteSchedules(ref, dropped);
      [sync, everyMs] = [wanted, wantedEveryMs];
      // Once it works they come by themselves.
      if (view.state === 'pending') return;
      await own.ensureSchedules(ref, connectorId, sync, wantedEveryMs);
      if (RESTING.has(view.state)) await pause(`${connectorId} does not work now`);
    },

    async switchOff(actor: string): Promise<void> {
      await pause(`${connectorId} is switched off`);
      await become('disabled', { code: 'disabled', message: 'switched off by a person' }, actor);
    },

    /** From here on nobody uses it, whatever the provider says to the rest. */
    async beginEnd(actor: string): Promise<void> {
      ending = true;
      await become('disconnecting', { code: 'disconnected', message: 'disconnected on request' }, actor);
      await own.deleteSchedules(ref, sync);
    },
    async end(): Promise<void> {
      // Once more: what was under way may have written its own state last.
      const since = view.reason?.firstAt ?? now();
      await mark({ state: 'disconnecting' }, { actor: 'connection', since });
      if (view.state === 'disconnected') return;
      await own.resumeDependants(ref);
      const left = await takenBack(patient.revokeGrant(ref));
      put(await leave(ref, `disconnected on request${left}`));
    },
    vanish,
  };
};
export type States = ReturnType<typeof createStates>;

/** What could not be done at the provider, as the end of a sentence. */
const takenBack = async (revoking: Promise<'revoked' | 'unsupported' | 'nothing'>): Promise<string> => {
  try {
    const outcome = await revoking;
    return outcome === 'unsupported'
      ? '; the vendor has no way to take the access back from here, so remove it there'
      : '';
  } catch (error) {
    if (isCancellation(error)) throw error;
    return `; the access could not be taken back at the vendor (${rootFailure(error).message}), so remove it there`;
  }
};

/** Knowledge and every version of the secret are gone. Each step is silent when there is nothing left. */
const leave = async (ref: ConnectionRef, message: string): Promise<ConnectionView> => {
  await own.destroyCredential(ref);
  await own.clearSynced(ref);
  return own.closeConnection(ref, reasonOf({ code: 'disconnected', message }));
};

/** Nobody made the connection in time. */
export const giveUp = (ref: ConnectionRef): Promise<ConnectionView> =>
  own.closeConnection(ref, reasonOf({ code: 'not_connected', message: 'nobody made this connection in time' }));

/** The end that waits for nobody: of a cancelled connection, and of an onboarding that is undone. */
export async function dismantle(ref: ConnectionRef, sync: StreamChoice[]): Promise<ConnectionView> {
  await own.deleteSchedules(ref, sync);
  return leave(ref, `disconnected${await takenBack(interactive.revokeGrant(ref))}`);
}
