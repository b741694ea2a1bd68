import { createHash } from 'node:crypto';
import type { Memory } from '../memory.ts';
import type { TokenRules } from './grants.ts';
import { createTable } from './table.ts';

export interface RefreshToken {
  grant: string;
  /** 1 for the one the grant began with. */
  generation: number;
  expiresAt: number | null;
  /** What took its place, and when. */
  successor: string | null;
  replacedAt: number | null;
  /** How often it was shown, and how often it gave tokens, answers that were lost included. */
  calls: number;
  succeeded: number;
}

/** One refresh token as the proof of a test counts it. Nothing in it can be used as a credential. */
export interface Generation {
  grant: string;
  generation: number;
  /** The first digits of the token's SHA-256. */
  digest: string;
  calls: number;
  succeeded: number;
  current: boolean;
}

/** The refresh token that an answer tells of. */
export interface Use {
  token: string;
  isNew: boolean;
}

interface Parts {
  vendor: string;
  now: () => number;
  memory: Memory;
  rules: TokenRules;
  spell: () => string;
}

export function createRefreshTokens({ vendor, now, memory, rules, spell }: Parts) {
  const tokens = createTable<RefreshToken>(memory, `${vendor}-refresh`);
  let rotating = rules.refresh === 'rotating';
  let overlap = rules.overlap ?? 0;
  let reuseAlarms = 0;

  const issue = (grant: string, generation: number): string => {
    const token = spell();
    const seconds = rules.refreshLifetimeSeconds;
    const expiresAt = seconds === undefined ? null : now() + seconds * 1000;
    tokens.set(token, { grant, generation, expiresAt, successor: null, replacedAt: null, calls: 0, succeeded: 0 });
    return token;
  };
  const newest = (token: string): string => {
    const successor = tokens.get(token)?.successor;
    return successor ? newest(successor) : token;
  };
  const overlaps = ({ successor, replacedAt }: RefreshToken): boolean =>
    overlap === 'until-used'
      ? successor !== null && tokens.get(successor)?.succeeded === 0
      : replacedAt !== null && replacedAt + overlap * 1000 > now();

  return {
    get: (token: string): RefreshToken | undefined => tokens.get(token),
    first: (grant: string): Use => ({ token: issue(grant, 1), isNew: true }),
    /** Looks a token up for use, and counts that it was shown. */
    present(token: string): RefreshToken | undefined {
      const held = tokens.get(token);
      if (held) tokens.set(token, { ...held, calls: held.calls + 1 });
      return tokens.get(token);
    },
    /** One successful use; `reused` when the token was rotated away too long ago. */
    use(token: string): Use | 'unknown' | 'expired' | 'reused' {
      const held = tokens.get(token);
      if (!held) return 'unknown';
      if (held.expiresAt !== null && held.expiresAt <= now()) return 'expired';
      if (held.successor !== null && !overlaps(held)) {
        reuseAlarms += 1;
        return 'reused';
      }
      const used = { ...held, succeeded: held.succeeded + 1 };
      if (held.successor !== null || !rotating) {
        tokens.set(token, used);
        return { token: newest(token), isNew: false };
      }
      const successor = issue(held.grant, held.generation + 1);
      tokens.set(token, { ...used, successor, replacedAt: now() });
      return { token: successor, isNew: true };
    },
    /** As a vendor does that keeps only so many for a user: without a word. Says how many. */
    forgetAll: (): number => {
      const known = tokens.rows();
      for (const [token] of known) tokens.remove(token);
      return known.length;
    },
    setRotating: (on: boolean): void => void (rotating = on),
    setOverlap: (seconds: number): void => void (overlap = seconds),
    reuseAlarms: (): number => reuseAlarms,
    generations: (): Generation[] =>
      tokens.rows().map(([token, { grant, generation, calls, succeeded, successor }]) => ({
        grant,
        generation,
        digest: createHash('sha256').update(token).digest('hex').slice(0, 12),
        calls,
        succeeded,
        current: successor === null,
      })),
  };
}
