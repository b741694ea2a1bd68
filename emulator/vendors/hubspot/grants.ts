import { randomBytes, randomUUID } from 'node:crypto';

/** What one approval of one account gave, and everything minted from it since: the family. */
export interface Grant {
  hubId: number;
  userId: number;
  scopes: string[];
  refreshToken: string;
  revoked: boolean;
}

export interface AccessToken {
  grant: Grant;
  expiresAt: number;
  revoked: boolean;
}

export interface Minted {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
  grant: Grant;
}

export type TokenState = 'live' | 'expired' | 'revoked' | 'unknown';

/** Keeps refresh tokens and the access tokens that came from them. */
export function createGrants(now: () => number) {
  const access = new Map<string, AccessToken>();
  const refresh = new Map<string, Grant>();
  let lifetimeSeconds = 1800;
  let rotating = false;

  const newRefreshToken = (grant: Grant) => {
    grant.refreshToken = `eu1-${randomUUID()}`;
    refresh.set(grant.refreshToken, grant);
  };
  const mint = (grant: Grant): Minted => {
    // As long as the vendor's own can get, for columns that hold 255 characters.
    const accessToken = `C${randomBytes(240).toString('base64url')}`;
    access.set(accessToken, { grant, expiresAt: now() + lifetimeSeconds * 1000, revoked: false });
    return { accessToken, refreshToken: grant.refreshToken, expiresIn: lifetimeSeconds, grant };
  };

  return {
    open(hubId: number, userId: number, scopes: string[]): Minted {
      const grant: Grant = { hubId, userId, scopes, refreshToken: '', revoked: false };
      newRefreshToken(grant);
      return mint(grant);
    },
    /** Undefined when the token is unknown, revoked, or was rotated away: the last kills its whole family. */
    refresh(token: string): Minted | undefined {
      const grant = refresh.get(token);
      if (!grant || grant.revoked) return undefined;
      if (grant.refreshToken !== token) {
        grant.revoked = true;
        return undefined;
      }
      if (rotating) newRefreshToken(grant);
      return mint(grant);
    },
    state(token: string): { state: TokenState; token?: AccessToken } {
      const found = access.get(token);
      if (!found) return { state: 'unknown' };
      if (found.revoked || found.grant.revoked) return { state: 'revoked', token: found };
      return { state: found.expiresAt <= now() ? 'expired' : 'live', token: found };
    },
    ofRefreshToken: (token: string): Grant | undefined => refresh.get(token),
    /** Silent when there is no such token, as RFC 7009 asks. */
    revoke(token: string): void {
      const grant = refresh.get(token);
      if (grant) grant.revoked = true;
      const found = access.get(token);
      if (found) found.revoked = true;
    },
    expireAll: (): number => {
      const live = [...access.values()].filter(({ expiresAt }) => expiresAt > now());
      for (const token of live) token.expiresAt = now();
      return live.length;
    },
    revokeAll: (): number => {
      const live = new Set([...refresh.values()].filter(({ revoked }) => !revoked));
      for (const grant of live) grant.revoked = true;
      return live.size;
    },
    setLifetime: (seconds: number): void => void (lifetimeSeconds = seconds),
    setRotating: (on: boolean): void => void (rotating = on),
  };
}

export type Grants = ReturnType<typeof createGrants>;
