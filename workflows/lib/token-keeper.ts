import { isCancellation } from '@temporalio/workflow';
import type { ConnectionRef, ConnectionView } from '../../activities/connections.ts';
import type { StreamChoice } from '../../ports/tenants.ts';
import { tokens } from './activities.ts';
import { goDown } from './connection-states.ts';
import { asFailure, rootFailure } from './failures.ts';
import type { createSerial } from './serial.ts';

const RETRY_MS = 30_000;
/** A token is refreshed when a tenth of its life, at most five minutes, is left. */
const MARGIN_MAX_MS = 300_000;

interface Keeper {
  ref: ConnectionRef;
  connectorId: string;
  sync: StreamChoice[];
  inTurn: ReturnType<typeof createSerial>;
  current: () => ConnectionView;
  become: (next: ConnectionView) => void;
}

/** Keeps one connection's token fresh: knows when it is due, and makes one refresh of all that ask at once. */
export const createTokenKeeper = ({ ref, connectorId, sync, inTurn, current, become }: Keeper) => {
  let refreshing: Promise<void> | undefined;
  let retryAtMs = 0;
  let learnedAtMs = Date.now();
  let learnedOf = current().tokenExpiresAt;

  const refresh = async (): Promise<void> => {
    try {
      const { version, expiresAt } = await tokens.refreshToken(ref, connectorId, current().secretVersion);
      become({ ...current(), state: 'healthy', reason: null, secretVersion: version, tokenExpiresAt: expiresAt });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { code, message } = rootFailure(error);
      if (code === 'grant_revoked') become(await goDown(ref, sync, connectorId, 'reauth_required', code, message));
      retryAtMs = Date.now() + RETRY_MS;
      throw asFailure(error);
    }
  };

  return {
    /** Callers who ask while a refresh is under way get its outcome. */
    refresh: (): Promise<void> => {
      refreshing ??= inTurn(refresh).finally(() => (refreshing = undefined));
      return refreshing;
    },
    /** Milliseconds until the token wants refreshing; undefined when it never does. */
    dueMs: (): number | undefined => {
      const { state, tokenExpiresAt } = current();
      if (state !== 'healthy' || !tokenExpiresAt) return undefined;
      if (tokenExpiresAt !== learnedOf) [learnedOf, learnedAtMs] = [tokenExpiresAt, Date.now()];
      const expiresMs = Date.parse(tokenExpiresAt);
      const margin = Math.min((expiresMs - learnedAtMs) / 10, MARGIN_MAX_MS);
      return Math.max(expiresMs - margin, retryAtMs) - Date.now();
    },
  };
};
