import type { ProviderHealth } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { Unanswered } from '../http/unanswered.ts';

const FAILURES_MAX = 5;
const OPEN_FIRST_MS = 5_000;
const OPEN_LAST_MS = 120_000;
/** Hosts that are remembered for their failures; the longest untouched goes first. */
const HOSTS_MAX = 10_000;

interface Breaker extends Omit<ProviderHealth, 'host' | 'state'> {
  connectorId: string;
  openMs: number;
  untilMs: number;
  /** The one call that finds out whether the host works again. */
  probing: boolean;
}

/** One breaker for each host, in this process: a host that is down is asked by one caller at a time, now and then. */
export interface Breakers {
  /** `provider_down` with `retryAfterMs`, and nothing is sent, while the host rests. */
  through: <Result>(connectorId: string, host: string, act: () => Promise<Result>) => Promise<Result>;
  /** Hosts of a connector that have failed since they last answered. */
  health: (connectorId: string) => ProviderHealth[];
}

export function createBreakers(now: () => number = Date.now): Breakers {
  const failing = new Map<string, Breaker>();

  const stateOf = ({ failures, untilMs, probing }: Breaker): ProviderHealth['state'] =>
    failures < FAILURES_MAX ? 'closed' : probing || now() >= untilMs ? 'half_open' : 'open';

  const failed = (connectorId: string, host: string, reason: string): void => {
    const before = failing.get(host) ?? {
      connectorId,
      failures: 0,
      openMs: 0,
      untilMs: 0,
      probing: false,
      since: iso(now()),
    };
    const failures = before.failures + 1;
    const openMs = failures < FAILURES_MAX ? 0 : Math.min(before.openMs * 2 || OPEN_FIRST_MS, OPEN_LAST_MS);
    failing.delete(host);
    failing.set(host, { ...before, failures, openMs, untilMs: now() + openMs, probing: false, reason });
    const [oldest] = failing.keys();
    if (failing.size > HOSTS_MAX && oldest !== undefined) failing.delete(oldest);
  };

  return {
    async through(connectorId, host, act) {
      const breaker = failing.get(host);
      const state = breaker ? stateOf(breaker) : 'closed';
      if (breaker && (state === 'open' || breaker.probing)) {
        const retryAfterMs = Math.max(1000, breaker.untilMs - now());
        throw new Unanswered(
          `${host} is not working now and is left alone for a moment; try again shortly`,
          false,
          retryAfterMs,
        );
      }
      if (breaker && state === 'half_open') breaker.probing = true;
      try {
        const result = await act();
        failing.delete(host);
        return result;
      } catch (error) {
        if (isFault(error, 'provider_down')) failed(connectorId, host, error.message);
        // Any other word of the host's is a sign of life; what came of our own, such as an abort, tells nothing.
        else if (error instanceof Fault) failing.delete(host);
        else if (breaker) breaker.probing = false;
        throw error;
      }
    },
    health: (connectorId) =>
      [...failing]
        .filter(([, breaker]) => breaker.connectorId === connectorId)
        .map(([host, breaker]) => ({
          host,
          state: stateOf(breaker),
          since: breaker.since,
          failures: breaker.failures,
          reason: breaker.reason,
        })),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
