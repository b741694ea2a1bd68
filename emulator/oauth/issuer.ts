import type { Origin } from '../world.ts';
import { createAssertions, type AssertionRules } from './assertions.ts';
import { createCalls } from './calls.ts';
import { createClients } from './clients.ts';
import { createClock } from '../clock.ts';
import { createCodes, type CodeRules, type Swap } from './codes.ts';
import { createGrants, type Asked, type Minted, type TokenRules } from './grants.ts';
import { refusal, type Refusal } from './refusal.ts';

export interface IssuerRules {
  vendor: string;
  tokens: TokenRules;
  codes: CodeRules;
  /** Where the vendor looks for the client's credential. */
  clientAuth: readonly ('body' | 'basic')[];
}

export type Outcome = Minted | Refusal;
export type Issuer = ReturnType<typeof createIssuer>;

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What gives tokens, whatever the vendor's wire looks like: one for each vendor. Every way is counted. */
export function createIssuer({ now, memory }: Origin, rules: IssuerRules) {
  const { vendor } = rules;
  const clock = createClock(now);
  const grants = createGrants({ vendor, now: clock.now, memory, rules: rules.tokens });
  const codes = createCodes(rules.codes, clock.now);
  const clients = createClients(rules.clientAuth);
  const assertions = createAssertions(clock.now);
  const calls = createCalls(grants);

  return {
    clock,
    grants,
    codes,
    clients,
    assertions,
    calls,
    pkce: rules.codes.pkce,
    /** Whose code or refresh token this is. */
    ownerOf: (params: URLSearchParams): string | undefined =>
      codes.accountOf(params.get('code') ?? '') ?? grants.ofRefreshToken(params.get('refresh_token') ?? '')?.account,
    /** `bend`: what the request itself decides about the tokens. */
    swapCode: (params: Swap, bend: Partial<Asked> = {}): Outcome =>
      calls.counted('authorization_code', () => {
        const approval = codes.redeem(grants, params);
        if (typeof approval === 'string') return refusal(approval);
        const minted = grants.open({ ...approval, ...bend });
        approval.spentOn = minted.grant.id;
        return minted;
      }),
    refresh: (token: string): Outcome =>
      calls.counted('refresh_token', () => {
        const minted = grants.refresh(token);
        return typeof minted === 'string' ? refusal(`refresh_${minted}`) : minted;
      }),
    /** For a client on its own: no refresh token. */
    ownToken: (asked: Asked): Outcome =>
      calls.counted('client_credentials', () => grants.open({ ...asked, refreshable: false })),
    swapAssertion: (
      assertion: string,
      judge: AssertionRules,
      asked: (claims: Record<string, unknown>) => Asked,
    ): Outcome =>
      calls.counted(JWT_BEARER, () => {
        const claims = assertions.judge(assertion, judge);
        if (typeof claims === 'string') return refusal(claims);
        return grants.open({ ...asked(claims), refreshable: false });
      }),
  };
}
