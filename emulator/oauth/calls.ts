import type { Grants } from './grants.ts';
import type { Generation } from './refresh-tokens.ts';

interface Count {
  calls: number;
  succeeded: number;
}

export interface TokenCalls {
  /** How often tokens were asked for in each way, and how often they were given, lost answers included. */
  grantTypes: Record<string, Count>;
  /** The same for every refresh token, oldest first. */
  generations: Generation[];
  /** How often a family was killed because a refresh token that had been rotated away was used again. */
  reuseAlarms: number;
}

export function createCalls(grants: Grants) {
  const grantTypes: Record<string, Count> = {};
  const of = (grantType: string): Count => (grantTypes[grantType] ??= { calls: 0, succeeded: 0 });
  return {
    of,
    /** Counts one call, and its success when what `work` gives is no refusal. */
    counted<Result extends object>(grantType: string, work: () => Result): Result {
      const count = of(grantType);
      count.calls += 1;
      const result = work();
      if (!('error' in result)) count.succeeded += 1;
      return result;
    },
    told: (): TokenCalls => ({
      grantTypes: structuredClone(grantTypes),
      generations: grants.refreshTokens.generations(),
      reuseAlarms: grants.refreshTokens.reuseAlarms(),
    }),
  };
}
