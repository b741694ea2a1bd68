import type { AppTrouble } from '../ports/oauth-apps.ts';
import type { AuthWay } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { Ports } from '../ports/index.ts';

/** A vendor that does not know our application is asked again this seldom; a mended app is `put`, which ends it at once. */
const BROKEN_MS = 15 * 60_000;
/** When a vendor says that we ask too often, and not for how long. */
const LIMITED_MS = 30_000;

/**
 * What all connections of one application share: while the vendor refuses the application itself, or asks it to wait, no
 * connection asks. So one wrong client secret is one alarm and no dead grant, and ten thousand connections do not stampede.
 */
export const createBreaker = ({ oauthApps, connectors }: Pick<Ports, 'oauthApps' | 'connectors'>) => {
  /** Where the fields are all, the client is the tenant's own, and its trouble is the tenant's alone. */
  const isOurs = ({ connectorId, methodId }: AuthWay) => connectors.method(connectorId, methodId).flow === 'redirect';

  const fault = ({ code, message, providerCode, until }: Omit<AppTrouble, 'since'>) =>
    new Fault(code, message, { providerCode, retryAfterMs: Math.max(0, Date.parse(until) - Date.now()) });

  return {
    refuseWhileTroubled: async (way: AuthWay): Promise<void> => {
      const trouble = isOurs(way) ? await oauthApps.trouble(way.connectorId) : null;
      if (trouble && Date.parse(trouble.until) > Date.now()) throw fault(trouble);
    },

    /** What came of a call, as its connection must see it. Trouble of the application is remembered for all of them. */
    trip: async (way: AuthWay, error: unknown): Promise<unknown> => {
      if (!(error instanceof Fault)) return error;
      const { code, message, providerCode, retryAfterMs } = error;
      if (code !== 'client_broken' && code !== 'provider_rate_limited') return error;
      if (!isOurs(way))
        return code === 'client_broken' ? new Fault('grant_revoked', message, { cause: error, providerCode }) : error;
      const waitMs = code === 'client_broken' ? BROKEN_MS : (retryAfterMs ?? LIMITED_MS);
      const trouble = { code, message, providerCode, until: new Date(Date.now() + waitMs).toISOString() };
      await oauthApps.setTrouble(way.connectorId, trouble);
      return fault(trouble);
    },

    /** The vendor took our application again. */
    reset: async (way: AuthWay): Promise<void> => {
      if (isOurs(way) && (await oauthApps.trouble(way.connectorId))) await oauthApps.clearTrouble(way.connectorId);
    },
  };
};
