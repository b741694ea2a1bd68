import type { TokenCalls } from './calls.ts';
import type { Account } from './consent-page.ts';
import type { Asked, Minted } from './grants.ts';
import type { Issuer } from './issuer.ts';

/** A grant made without anybody consenting, for tests and measurements that begin connected. */
export interface GivenGrant {
  accessToken: string;
  /** Of OAuth 1.0a. */
  tokenSecret?: string;
  refreshToken: string | null;
  /** ISO 8601; null when it has no end. */
  expiresAt: string | null;
  account: string;
  scopes: string[];
  /** What the vendor's token endpoint would have answered. */
  answer: Record<string, unknown>;
}

/** What a test or a person does to one vendor's authorization server behind our back. */
export interface OAuthControl {
  /** Lapses every access token that would lapse one day, now; refresh tokens still work. Says how many. */
  expireTokens: () => number;
  /** Every person withdraws: access and refresh tokens are refused. Says how many grants. */
  revoke: () => number;
  /** For access tokens minted from now on; null: without end. */
  tokenLifetime: (seconds: number | null) => void;
  /** Each refresh gives a new refresh token, and using an old one revokes its family. */
  rotate: (on: boolean) => void;
  /** How long an old refresh token may be used again after it was rotated away. */
  overlap: (seconds: number) => void;
  /** Our app is disabled at the vendor: invalid_client. */
  breakClient: (on: boolean) => void;
  /** The secrets of our app that are valid: two, while a person exchanges one for the other. */
  clientSecrets: (valid: string[]) => void;
  /** The vendor's clock is so far ahead, or behind when negative. */
  skew: (seconds: number) => void;
  /** Every refresh token is dropped without a word; access tokens go on. Says how many. */
  forgetRefreshTokens: () => number;
  /** Registers redirect URIs, to be matched exactly; none: TLS or loopback, any port. */
  redirectUris: (uris: string[]) => void;
  /** Registers whose RS256 assertions are believed. */
  assertionKey: (issuer: string, publicKeyPem: string) => void;
  /** Turns something on or off that only this vendor has. */
  turn: (what: string, on: boolean) => void;
  grant: (asked?: Partial<Pick<Asked, 'account' | 'scopes'>>) => GivenGrant;
  tokenCalls: () => TokenCalls;
}

interface Given {
  accounts: readonly Account[];
  scopes: readonly string[];
  context?: (account: string) => Record<string, string>;
  answer: (minted: Minted) => Record<string, unknown>;
  switches?: Record<string, (on: boolean) => void>;
}

export function createOAuthControl(issuer: Issuer, given: Given): OAuthControl {
  const { grants, clients, calls, clock, assertions } = issuer;
  return {
    expireTokens: grants.expireAll,
    revoke: grants.revokeAll,
    tokenLifetime: grants.setLifetime,
    rotate: grants.refreshTokens.setRotating,
    overlap: grants.refreshTokens.setOverlap,
    breakClient: clients.disable,
    clientSecrets: clients.setSecrets,
    skew: clock.skew,
    forgetRefreshTokens: grants.refreshTokens.forgetAll,
    redirectUris: clients.register,
    assertionKey: assertions.register,
    turn(what, on) {
      const turned = given.switches?.[what];
      if (!turned)
        throw new Error(`no such switch: there are ${Object.keys(given.switches ?? {}).join(', ') || 'none'}`);
      turned(on);
    },
    grant({ account = given.accounts[0]?.id ?? '', scopes = [...given.scopes] } = {}) {
      const minted = grants.open({ account, scopes, context: given.context?.(account) ?? {} });
      const { accessToken, refreshToken, expiresIn, grant } = minted;
      const secret = grant.context['tokenSecret'];
      return {
        accessToken,
        refreshToken,
        expiresAt: expiresIn === null ? null : new Date(clock.now() + expiresIn * 1000).toISOString(),
        account,
        scopes,
        answer: given.answer(minted),
        ...(secret === undefined ? {} : { tokenSecret: secret }),
      };
    },
    tokenCalls: calls.told,
  };
}
