import { createHash, randomBytes } from 'node:crypto';
import type { Grants } from './grants.ts';

/** What a person approved, until it is swapped for tokens. */
interface Approval {
  account: string;
  scopes: string[];
  context: Record<string, string>;
  refreshable: boolean;
  redirectUri: string;
  challenge: string | null;
  /** The grant it was swapped for. */
  spentOn?: string;
}

export interface CodeRules {
  pkce: 'required' | 'optional' | 'none';
  /** Whether a swap must repeat the redirect URI; some vendors look only when it is sent. */
  redirectUriAtSwap: 'required' | 'if-sent';
  codeLifeSeconds?: number;
}

/** What is shown for a code. */
export interface Swap {
  code: string;
  redirectUri: string | null;
  verifier: string | null;
}

type CodeRefusal = 'code_unknown' | 'code_used' | 'code_expired' | 'redirect_mismatch' | 'verifier_mismatch';

export function createCodes({ pkce, redirectUriAtSwap, codeLifeSeconds = 60 }: CodeRules, now: () => number) {
  const issued = new Map<string, Approval & { expiresAt: number }>();

  return {
    issue(approval: Omit<Approval, 'spentOn'>): string {
      const code = randomBytes(24).toString('base64url');
      issued.set(code, { ...approval, expiresAt: now() + codeLifeSeconds * 1000 });
      return code;
    },
    accountOf: (code: string): string | undefined => issued.get(code)?.account,
    /** The approval when it may be swapped. A second use revokes what the first gave, as RFC 6749 §4.1.2 advises. */
    redeem(grants: Grants, params: Swap): Approval | CodeRefusal {
      const found = issued.get(params.code);
      if (!found) return 'code_unknown';
      if (found.spentOn !== undefined) {
        const grant = grants.byId(found.spentOn);
        if (grant) grants.end(grant);
        return 'code_used';
      }
      if (found.expiresAt <= now()) return 'code_expired';
      const lax = redirectUriAtSwap === 'if-sent' && params.redirectUri === null;
      if (!lax && params.redirectUri !== found.redirectUri) return 'redirect_mismatch';
      if (pkce !== 'none' && !proven(found.challenge, params.verifier)) return 'verifier_mismatch';
      return found;
    },
  };
}

/** A verifier without a challenge is refused too: somebody took the challenge out on its way (RFC 9700 §4.8.2). */
const proven = (challenge: string | null, verifier: string | null): boolean =>
  challenge === null
    ? verifier === null
    : verifier !== null && createHash('sha256').update(verifier).digest('base64url') === challenge;
