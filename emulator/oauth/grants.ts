import { randomBytes, randomUUID } from 'node:crypto';
import type { Memory } from '../memory.ts';
import { createRefreshTokens, type RefreshToken, type Use } from './refresh-tokens.ts';
import { createTable } from './table.ts';

/** What one approval of one account gave, and everything minted from it since: the family. */
export interface Grant {
  id: string;
  account: string;
  scopes: string[];
  /** What else the vendor's answers and rules need to know: a shop's host, a token's secret. */
  context: Record<string, string>;
  revoked: boolean;
}

interface AccessToken {
  grant: string;
  /** Null: it has no end. */
  expiresAt: number | null;
  revoked: boolean;
}

export interface Minted {
  grant: Grant;
  accessToken: string;
  expiresIn: number | null;
  /** The newest of its family, whether or not this answer is the one to tell it. */
  refreshToken: string | null;
  /** Whether this answer made it. */
  refreshTokenIsNew: boolean;
}

/** What the vendor's documents say of its tokens. */
export interface TokenRules {
  lifetimeSeconds: number | null;
  refresh: 'none' | 'fixed' | 'rotating';
  refreshLifetimeSeconds?: number;
  /** How long a refresh token that was rotated away may be used again; `until-used`: until its successor is. */
  overlap?: number | 'until-used';
  /** Makes the text of a new token. */
  spell?: (kind: 'access' | 'refresh') => string;
}

export interface Asked {
  account: string;
  scopes: string[];
  context?: Record<string, string>;
  /** False for those that never get a refresh token: a client on its own, a signed assertion. */
  refreshable?: boolean;
  /** For this grant alone, in place of the vendor's usual life. */
  lifetimeSeconds?: number | null;
}

export type Verdict = { state: 'live' | 'expired' | 'revoked'; grant: Grant } | { state: 'unknown' };

export type Grants = ReturnType<typeof createGrants>;

interface Parts {
  vendor: string;
  now: () => number;
  memory: Memory;
  rules: TokenRules;
}

/** Keeps grants with the tokens that came from them. */
export function createGrants({ vendor, now, memory, rules }: Parts) {
  const grants = createTable<Grant>(memory, `${vendor}-grants`);
  const access = createTable<AccessToken>(memory, `${vendor}-access`);
  const spell = rules.spell ?? (() => randomBytes(32).toString('base64url'));
  const refreshTokens = createRefreshTokens({ vendor, now, memory, rules, spell: () => spell('refresh') });
  let { lifetimeSeconds } = rules;

  for (const [token, { expiresAt }] of access.rows()) {
    if (expiresAt !== null && expiresAt <= now()) access.remove(token);
  }

  const mint = (grant: Grant, seconds: number | null, refresh: Use | undefined): Minted => {
    const accessToken = spell('access');
    access.set(accessToken, {
      grant: grant.id,
      expiresAt: seconds === null ? null : now() + seconds * 1000,
      revoked: false,
    });
    return {
      grant,
      accessToken,
      expiresIn: seconds,
      refreshToken: refresh?.token ?? null,
      refreshTokenIsNew: refresh?.isNew ?? false,
    };
  };
  const end = (grant: Grant): void => grants.set(grant.id, { ...grant, revoked: true });
  const grantOf = (held: RefreshToken | AccessToken | undefined): Grant | undefined => held && grants.get(held.grant);

  return {
    open({ account, scopes, context = {}, refreshable = true, ...given }: Asked): Minted {
      const grant: Grant = { id: randomUUID(), account, scopes, context, revoked: false };
      grants.set(grant.id, grant);
      const refresh = refreshable && rules.refresh !== 'none' ? refreshTokens.first(grant.id) : undefined;
      const seconds = given.lifetimeSeconds === undefined ? lifetimeSeconds : given.lifetimeSeconds;
      return mint(grant, seconds, refresh);
    },
    /** Another access token of the same grant, without a refresh token's help. */
    again: (grant: Grant): Minted => mint(grant, lifetimeSeconds, undefined),
    /** A grant whose one token has this text and no end, as people keep one in their settings; once in a lifetime. */
    adopt(token: string, { account, scopes, context = {} }: Asked): void {
      if (access.get(token)) return;
      const grant: Grant = { id: randomUUID(), account, scopes, context, revoked: false };
      grants.set(grant.id, grant);
      access.set(token, { grant: grant.id, expiresAt: null, revoked: false });
    },
    /** Whether somebody of this account has consented, and not withdrawn it. */
    consented: (account: string): boolean =>
      grants.rows().some(([, grant]) => grant.account === account && !grant.revoked),
    /** The reason why not is in the server's words; a token that was rotated away kills its whole family. */
    refresh(token: string): Minted | 'unknown' | 'revoked' | 'expired' | 'reused' {
      const grant = grantOf(refreshTokens.present(token));
      if (!grant) return 'unknown';
      if (grant.revoked) return 'revoked';
      const used = refreshTokens.use(token);
      if (used === 'reused') end(grant);
      return typeof used === 'string' ? used : mint(grant, lifetimeSeconds, used);
    },
    judge(token: string): Verdict {
      const held = access.get(token);
      const grant = grantOf(held);
      if (!held || !grant) return { state: 'unknown' };
      if (held.revoked || grant.revoked) return { state: 'revoked', grant };
      const expired = held.expiresAt !== null && held.expiresAt <= now();
      return { state: expired ? 'expired' : 'live', grant };
    },
    expiryOf: (token: string): number | null => access.get(token)?.expiresAt ?? null,
    ofRefreshToken: (token: string): Grant | undefined => grantOf(refreshTokens.get(token)),
    byId: (id: string): Grant | undefined => grants.get(id),
    end,
    /** Of a refresh token the whole grant, of an access token itself alone. Silent when there is no such token. */
    revoke(token: string): boolean {
      const grant = grantOf(refreshTokens.get(token));
      if (grant) end(grant);
      const held = access.get(token);
      if (held) access.set(token, { ...held, revoked: true });
      return grant !== undefined || held !== undefined;
    },
    expireAll: (): number => {
      const live = access.rows().filter(([, { expiresAt }]) => expiresAt !== null && expiresAt > now());
      for (const [token, held] of live) access.set(token, { ...held, expiresAt: now() });
      return live.length;
    },
    revokeAll: (): number => {
      const live = grants.rows().filter(([, { revoked }]) => !revoked);
      for (const [, grant] of live) end(grant);
      return live.length;
    },
    setLifetime: (seconds: number | null): void => void (lifetimeSeconds = seconds),
    refreshTokens,
  };
}
