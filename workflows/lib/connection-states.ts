import type { ConnectionRef, ConnectionView } from '../../activities/connections.ts';
import type { StreamChoice } from '../../ports/tenants.ts';
import { own } from './activities.ts';

const reason = (code: string, message: string) => ({
  code,
  providerCode: null,
  message,
  at: new Date(Date.now()).toISOString(),
});

/** Pauses all that depends on the connection as a set, says why, and tells those who can mend it, once. */
export async function goDown(
  ref: ConnectionRef,
  sync: StreamChoice[],
  connectorId: string,
  state: 'reauth_required',
  code: string,
  message: string,
): Promise<ConnectionView> {
  const why = reason(code, message);
  await own.pauseSchedules(ref, sync, `${connectorId} must be connected again: ${message}`);
  const view = await own.markConnection(ref, { state, reason: why });
  await own.notifyPeople(ref.tenantId, {
    key: `connection/${ref.connectionId}/${why.at}`,
    roles: ['tenant_admin'],
    kind: `connection.${state}`,
    subject: `${connectorId} must be connected again: ${message}`,
    link: `/api/v1/connections/${ref.connectionId}`,
  });
  return view;
}

/** Resumes as a set what `goDown` paused. */
export const recover = (ref: ConnectionRef, sync: StreamChoice[]): Promise<void> =>
  own.resumeSchedules(ref, sync, 'connected again');

/** Nobody made the connection in time. */
export const giveUp = (ref: ConnectionRef): Promise<ConnectionView> =>
  own.closeConnection(ref, reason('not_connected', 'nobody made this connection in time'));

/** Disconnects: schedules, knowledge and every version of the secret are gone. Each step is silent when there is nothing left. */
export async function dismantle(ref: ConnectionRef, sync: StreamChoice[]): Promise<ConnectionView> {
  await own.deleteSchedules(ref, sync);
  await own.destroyCredential(ref);
  await own.clearSynced(ref);
  return own.closeConnection(ref, reason('disconnected', 'disconnected on request'));
}
