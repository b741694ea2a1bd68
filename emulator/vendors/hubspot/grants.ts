import { randomBytes, randomUUID } from 'node:crypto';
import type { Memory } from '../../memory.ts';

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

/** The families, each with its tokens: refresh tokens that were rotated away count too. */
type Kept = (Grant & { refreshTokens: string[]; access: [token: string, expiresAt: number, revoked: boolean][] })[];

const NAME = 'hubspot-grants';

export type TokenState = 'live' | 'expired' | 'revoked' | 'unknown';

/** Keeps refresh tokens and the access tokens that came from them. */
export function createGrants(now: () => number, memory: Memory) {
  const access = new Map<string, AccessToken>();
  const refresh = new Map<string, Grant>();
  let lifetimeSeconds = 1800;
  let rotating = false;

  for (const { refreshTokens, access: tokens, ...grant } of (memory.recall(NAME) ?? []) as Kept) {
    for (const token of refreshTokens) refresh.set(token, grant);
    for (const [token, expiresAt, revoked] of tokens) access.set(token, { grant, expiresAt, revoked });
  }
  const keep = (): void => {
    const kept = new Map<Grant, Kept[number]>();
    for (const grant of refresh.values()) kept.set(grant, { ...grant, refreshTokens: [], access: [] });
    for (const [token, grant] of refresh) kept.get(grant)?.refreshTokens.push(token);
    for (const [token, { grant, expiresAt, revoked }] of access) {
      if (expiresAt > now()) kept.get(grant)?.access.push([token, expiresAt, revoked]);
    }
    memory.keep(NAME, [...kept.values()]);
  };

  const newRefreshToken = (grant: Grant) => {
    grant.refreshToken = `eu1-${randomUUID()}`;
    refresh.set(grant.refreshToken, grant);
  };
  const mint = (grant: Grant): Minted => {
    // As long as the vendor's own can get, for columns that hold 255 characters.
    const accessToken = `C${randomBytes(240).toString('base64url')}`;
    access.set(accessToken, { grant, expiresAt: now() + lifetimeSeconds * 1000, revoked: false });
    keep();
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
        keep();
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
      keep();
    },
    expireAll: (): number => {
      const live = [...access.values()].filter(({ expiresAt }) => expiresAt > now());
      for (const token of live) token.expiresAt = now();
      keep();
      return live.length;
    },
    revokeAll: (): number => {
      const live = new Set([...refresh.values()].filter(({ revoked }) => !revoked));
      for (const grant of live) grant.revoked = true;
      keep();
      return live.size;
    },
    setLifetime: (seconds: number): void => void (lifetimeSeconds = seconds),
    setRotating: (on: boolean): void => void (rotating = on),
  };
}

export type Grants = ReturnType<typeof createGrants>;
