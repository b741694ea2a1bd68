import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ConnectionRef, ConnectionView } from '../../activities/connections.ts';
import { MESSAGES } from '../../ports/operations.ts';
import type { StagedRef } from '../../ports/secrets.ts';
import type { StreamChoice } from '../../ports/tenants.ts';

export interface ConnectionInput extends ConnectionRef {
  connectorId: string;
  sync: StreamChoice[];
  /** The workflow that waits for the first outcome. */
  notify: string | null;
  /** One that stands alone: it makes its own row, and schedules its streams this often once it works. */
  everyMs?: number;
  /** What a run hands to the one that goes on after it. */
  carried?: { view: ConnectionView; handledStates: string[]; tokenSinceMs: number; pendingSinceMs?: number };
}

export interface ConnectionSettled {
  connectionId: string;
  connected: boolean;
}

/** How a person connects, whatever the way: a reference to what is secret, the rest in clear. */
export interface Given {
  staged: StagedRef;
  /** One of the connector's ways to connect. */
  methodId: string;
  settings: Record<string, string>;
  /** Who does it, for the audit log. */
  actor: string;
  /** The person knows that this is another account than before. */
  acceptOtherAccount?: boolean;
}

type Actor = [{ actor: string }];

/** Makes the row of a connection that stands alone; any number of times. */
export const openUpdate = defineUpdate<ConnectionView>(MESSAGES.open);
/** Staged: the form's secret fields. */
export const submitCredentialsUpdate = defineUpdate<ConnectionView, [Given]>(MESSAGES.submitCredentials);
/** Staged: `answer` (JSON of the redirect's parameters), `proof` (JSON of what `begin` gave) and `redirectUri`. */
export const completeAuthorizationUpdate = defineUpdate<ConnectionView, [Given & { stateHash: string }]>(
  MESSAGES.completeAuthorization,
);
/** Staged: the tokens of a grant that was made elsewhere. */
export const importGrantUpdate = defineUpdate<ConnectionView, [Given & { expiresAt?: string | null }]>(
  MESSAGES.importGrant,
);
export const refreshUpdate = defineUpdate<{ version: number }, [{ observedVersion: number }]>(MESSAGES.refresh);
export const testUpdate = defineUpdate<ConnectionView>(MESSAGES.test);
export const disableUpdate = defineUpdate<ConnectionView, Actor>(MESSAGES.disable);
export const enableUpdate = defineUpdate<ConnectionView, Actor>(MESSAGES.enable);
export const disconnectUpdate = defineUpdate<ConnectionView, Actor>(MESSAGES.disconnect);
/** Which streams are synced from now on, where to, and how often. What is chosen otherwise than before begins anew. */
export const chooseSyncsUpdate = defineUpdate<
  ConnectionView,
  [{ actor: string; sync: StreamChoice[]; everyMs: number }]
>(MESSAGES.chooseSyncs);
/** Somebody was refused with this credential. */
export const credentialRejectedSignal = defineSignal(MESSAGES.credentialRejected);
export const connectionSettledSignal = defineSignal<[ConnectionSettled]>(MESSAGES.connectionSettled);
/** Go on as a new run, which begins with payloads of the key in use now. */
export const rollOverSignal = defineSignal(MESSAGES.rollOver);
/** To those that wait for a connection: look again. */
export const connectionResumedSignal = defineSignal(MESSAGES.connectionResumed);
export const statusQuery = defineQuery<ConnectionView>(MESSAGES.status);
