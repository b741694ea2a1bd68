import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ConnectionRef } from '../../activities/connections.ts';
import { interactive, local, own, tokens } from './activities.ts';
import type { States } from './connection-states.ts';
import { asFailure, rootFailure } from './failures.ts';
import type { Failed } from './failures.ts';
import { refreshDueMs, retryInMs, spreadOf } from './refresh-due.ts';
import type { createSerial } from './serial.ts';

/** The vendor has spoken: nothing but a person helps. Whatever else goes wrong is an outage, which never marks a grant dead. */
const DEAD = new Set(['grant_revoked', 'lost_response', 'credential_rejected', 'reauth_required']);
const ALIVE = new Set(['healthy', 'degraded', 'suspect']);

interface Keeper {
  ref: ConnectionRef;
  connectorId: string;
  states: States;
  inTurn: ReturnType<typeof createSerial>;
  tokenSinceMs: number;
}

/** Keeps one connection's credential working: knows when it is due, and makes one refresh of all that ask at once. */
export const createTokenKeeper = ({ ref, connectorId, states, inTurn, tokenSinceMs }: Keeper) => {
  const spread = spreadOf(ref.connectionId);
  let sharing: Promise<void> | undefined;
  let failures = 0;
  let retryAtMs = 0;
  let last: Failed | undefined;
  let sinceMs = tokenSinceMs;
  let knownEnd = states.view.tokenExpiresAt;

  const renew = async (): Promise<void> => {
    const { version, ...news } = await tokens.refreshToken(ref, connectorId, states.view.secretVersion);
    states.learn({ secretVersion: version, tokenExpiresAt: news.expiresAt, missingScopes: news.missingScopes });
    // Also where the vendor gave the same end again: else it would be due at once, for ever.
    [knownEnd, sinceMs] = [news.expiresAt, Date.now()];
  };

  /** One real call; a credential that is refused is renewed once, where it can be, and asked with once more. */
  const look = async (): Promise<void> => {
    if (Date.parse(states.view.tokenExpiresAt ?? '') <= Date.now()) await renew();
    try {
      await interactive.testConnection(ref);
    } catch (error) {
      const { code, message, providerCode } = rootFailure(error);
      if (code !== 'credential_rejected') throw error;
      if (ALIVE.has(states.view.state)) await states.become('suspect', { code, message, providerCode });
      await renew().catch((other: unknown) => {
        throw rootFailure(other).code === 'unsupported' ? error : other;
      });
      await interactive.testConnection(ref);
    }
  };

  /** One for all tenants of the application, told by whoever finds out; the key is the trouble's own. */
  const alarm = async (): Promise<void> => {
    const trouble = await local.appTrouble(connectorId);
    if (trouble?.code !== 'client_broken') return;
    await own.tellOfFact('platform', {
      key: `oauth-app/${connectorId}/${trouble.since}`,
      roles: ['platform_admin', 'super_admin'],
      kind: 'oauth_app.client_broken',
      subject: `${connectorId} refuses our application, for every tenant: ${trouble.message}`,
      link: `/api/v1/oauth/apps/${connectorId}`,
    });
  };

  const failed = async (error: unknown): Promise<void> => {
    const failure = rootFailure(error);
    const { code, retryAfterMs } = failure;
    if (DEAD.has(code)) return states.dies(failure);
    // A vendor's own 404 is no end; that its row is gone is.
    if (code === 'not_found' && (await local.connectionState(ref)) === null) return states.vanish();
    failures += 1;
    last = failure;
    retryAtMs = Date.now() + retryInMs(failures, retryAfterMs, Math.random());
    // Ours to mend: no tenant's connection is marked by it.
    if (code === 'client_broken') await alarm();
    if (code === 'client_broken' && states.view.state !== 'suspect') return;
    if (ALIVE.has(states.view.state)) await states.become('degraded', failure);
  };

  const attempt = async (work: () => Promise<void>, actor?: string): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isCancellation(error)) await failed(error);
      throw asFailure(error);
    }
    [failures, retryAtMs, last] = [0, 0, undefined];
    await states.works(actor);
  };

  const tokenDueMs = (): number | undefined => {
    const end = states.view.tokenExpiresAt;
    if (end === null) return undefined;
    if (end !== knownEnd) [knownEnd, sinceMs] = [end, Date.now()];
    return refreshDueMs({ issuedAtMs: sinceMs, expiresAtMs: Date.parse(end), spread });
  };

  const once = async (seen: number): Promise<void> => {
    if (states.view.secretVersion > seen) return;
    const waitMs = retryAtMs - Date.now();
    // However many ask, the vendor is asked when it is its time.
    if (last && waitMs > 0) {
      const { code, message, providerCode } = last;
      const details = [{ fields: [], providerCode, retryAfterMs: waitMs }];
      throw ApplicationFailure.create({ type: code, message, nonRetryable: true, details });
    }
    await attempt(renew);
  };

  return {
    /** Callers who ask while a refresh is under way get its outcome. */
    refresh: (): Promise<void> => {
      const seen = states.view.secretVersion;
      sharing ??= inTurn(() => once(seen)).finally(() => (sharing = undefined));
      return sharing;
    },
    /** Finds out whether it works. In turn, by whoever calls. */
    check: (actor?: string): Promise<void> => attempt(look, actor),
    /** What is due: a renewal, or another look at what did not work. */
    tend: (): Promise<void> =>
      inTurn(() => attempt((tokenDueMs() ?? Number.POSITIVE_INFINITY) <= Date.now() ? renew : look)),
    /** Milliseconds until something is due; undefined when nothing ever is. */
    dueMs: (): number | undefined => {
      const { state, reason } = states.view;
      const tokenAtMs = tokenDueMs();
      if (state === 'degraded' && reason?.code !== 'scopes_missing') return retryAtMs - Date.now();
      if ((state !== 'healthy' && state !== 'degraded') || tokenAtMs === undefined) return undefined;
      return Math.max(tokenAtMs, retryAtMs) - Date.now();
    },
    get tokenSinceMs() {
      return sinceMs;
    },
  };
};
export type TokenKeeper = ReturnType<typeof createTokenKeeper>;
