import type { AuthWay } from './connectors.ts';
import type { SecretValues } from './secrets.ts';

/** A freshly granted or refreshed token set, as SecretPort keeps it. */
export interface TokenSet {
  /** All that a call or a later renewal needs: for a client credential or a session login also what it was got with. */
  values: SecretValues;
  /** ISO 8601, or null when the vendor set no end. */
  expiresAt: string | null;
  /** What the vendor said of where to call: `api_domain`, `instance_url`, `dc`. Merged into the connection's settings. */
  settings: Record<string, string>;
  /** What was granted; null when the vendor does not say. */
  scopes: string[] | null;
}

/** The protocol steps against a vendor's authorization server. No secret is held here. */
export interface OAuthPort {
  /**
   * Where to send the browser, with the state; and the proof that only the one who began can end it (PKCE verifier, OAuth
   * 1.0a's request token and secret), to be staged. Nothing is kept.
   */
  begin: (way: AuthWay, redirectUri: string, state: string) => Promise<{ url: string; proof: SecretValues }>;
  /**
   * Trades what the redirect brought for tokens. `answer`: every parameter of the redirect, `iss` checked where sent.
   * Faults: `oauth_state_invalid` (another issuer, a signature that does not fit, no code), `grant_revoked` (code refused),
   * and those of `renew`.
   */
  complete: (
    way: AuthWay,
    redirectUri: string,
    answer: Record<string, string>,
    proof: SecretValues,
  ) => Promise<TokenSet>;
  /** False: what is stored is used as it is, for ever (API keys, OAuth 1.0a, tokens without end). */
  renews: (way: AuthWay, current: SecretValues) => boolean;
  /**
   * One call to the token endpoint: by refresh token, client credential, signed assertion or session login, as the method
   * says; also the first one of methods that begin with a form. Faults: `grant_revoked` (invalid_grant), `client_broken`
   * (invalid_client), `provider_down`, `provider_rate_limited`, `provider_garbage`, `lost_response` (may have been processed);
   * each with the vendor's own code as `providerCode`.
   */
  renew: (way: AuthWay, current: SecretValues) => Promise<TokenSet>;
  /** At the provider. `unsupported`: it has no way. Faults as `renew`; a token that it no longer knows counts as revoked. */
  revoke: (way: AuthWay, current: SecretValues) => Promise<'revoked' | 'unsupported'>;
  /**
   * Asks the vendor whether it knows our application: a token request that must fail, and how it fails is the answer.
   * `client_broken` with what is wrong; silent when it is known. `unsupported` where no such question exists.
   */
  testApp: (connectorId: string, app: { clientId: string; clientSecret: string }) => Promise<void>;
}
