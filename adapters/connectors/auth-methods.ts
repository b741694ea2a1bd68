import type { z } from 'zod';
import type { CredentialField } from '../../ports/connector-info.ts';
import type { VerifiedAccount } from '../../ports/connectors.ts';
import type { Call } from './call.ts';
import type { Params } from './params.ts';

export type { Params } from './params.ts';

export interface Field extends CredentialField {
  /** Mends what people commonly paste; it runs after the check of the field's kind. */
  tidy?: (value: string) => string;
  /** What follows from the value: settings, the parts of a pasted document, or what is wrong with it. */
  implies?: (value: string) => { settings?: Params; secret?: Params; problem?: string };
  /** False: only what it implies is kept. */
  kept?: boolean;
}

/** Where a credential goes in the vendor's API calls. Templates are filled from the settings and the secret. */
export type Use =
  | { in: 'header'; name: string; template: string }
  | { in: 'basic'; user: string; password: string }
  | { in: 'query'; params: Params }
  | {
      in: 'oauth1';
      algorithm: 'HMAC-SHA1' | 'HMAC-SHA256';
      consumer: { key: string; secret: string };
      /** Absent: whoever holds the consumer's secret is the account (one-legged). */
      token?: { key: string; secret: string };
      /** The signature goes into the query, for servers that keep the Authorization header to themselves. */
      at?: 'query';
    }
  /** The whole request is signed, as AWS wants it. */
  | { in: 'sigv4'; accessKeyId: string; secretAccessKey: string };

export const BEARER: Use = { in: 'header', name: 'authorization', template: 'Bearer {access_token}' };

/** A body says yes when what lies at `at` is one of these; whatever else lies there is a refusal, though the status be 200. */
export interface Yes {
  at: string;
  is: unknown[];
}

/** What a refusal of the token endpoint can mean. */
export type TokenFault =
  'grant_revoked' | 'client_broken' | 'provider_rate_limited' | 'provider_down' | 'provider_garbage';

export interface TokenEndpoint {
  /** `{name}` stands for a setting of the connection. */
  tokenUrl: string;
  clientAuth: 'body' | 'basic';
  /** What the vendor documents, for answers that do not say; null: such a token does not lapse. */
  tokenLifetimeS: number | null;
  extraToken?: Params;
  /** How the request differs from RFC 6749: its encoding, their names for our parameters, what is left out. */
  request?: { json?: boolean; names?: Params; omit?: string[] };
  answer?: {
    yes?: Yes;
    /** Where the object with the tokens lies; absent: it is the body. */
    at?: string;
    /** Token types that are used as a bearer's. */
    types?: string[];
    /** `expires_in: 0` means that the token does not lapse. */
    zeroIsNever?: boolean;
    /** Settings to keep, and where in the body each lies. */
    keep?: Params;
  };
  refusals?: {
    /** Where the vendor's code lies; absent: `error`. */
    at?: string;
    /** What the vendor's own codes mean, besides those of RFC 6749. */
    codes?: Record<string, TokenFault>;
    /** Codes that mean an outage. */
    down?: RegExp;
    /** What a status without a known code means. */
    statuses?: Record<number, TokenFault>;
    /** How long to wait where the vendor limits and does not say it. */
    waitMs?: number;
  };
}

export type Revocation =
  /** RFC 7009, with the client's authentication. */
  | { how: 'rfc7009'; url: string; token: 'access_token' | 'refresh_token' }
  /** A call of the vendor's own, authorized like its API's. `gone`: codes that say that the token was dead already. */
  | { how: 'call'; method: 'POST' | 'DELETE'; url: string; json?: Params; yes?: Yes; code?: string; gone?: unknown[] }
  /**
   * The API tells which credential asks (`find`; its name lies at `id`), and that one removes itself (`remove`, with `{id}`).
   * `gone`: codes of a refusal that say that the credential is not known any more.
   */
  | { how: 'itself'; find: string; id: string; remove: string; yes: Yes; gone: string[] };

interface Method {
  /** Unique within the connector. */
  id: string;
  title: string;
  fields: Field[];
  use: Use;
  revoke?: Revocation;
  /** Where paths begin, and how the credential is tested, for who connects this way and not as the connector says. */
  base?: string;
  verify?: Verification;
}

/** The vendor's cheapest real call, and what it proves. */
export type Verification = Call & {
  account: z.ZodType<VerifiedAccount>;
  /** For systems that name no account: templates that are filled from the settings. */
  named?: { accountId: string; accountName: string };
  /** What it means when the answer names no account. */
  nobody?: string;
};

export interface CodeMethod extends Method, TokenEndpoint {
  kind: 'oauth2_code';
  authorizeUrl: string;
  scopes: string[];
  scopeSeparator: string;
  pkce: 'S256' | 'none';
  extraAuthorize?: Params;
  /** Their names for the authorization request's parameters, and those that they do not know. */
  authorize?: { names?: Params; omit?: string[] };
  /** The name of the code in the redirect; absent: `code`. */
  codeParam?: string;
  /** Who they say they are in `iss` (RFC 9207); `always`: an answer without it is another's. */
  issuer?: { id: string; always: boolean };
  /** Settings that the redirect itself brings, and the parameter of each. */
  fromCallback?: Params;
  /** The redirect's query is signed with the client secret (hex HMAC-SHA256); these parameters must repeat our settings. */
  callbackSignature?: { param: string; timestamp: string; toleranceS: number; repeats: string[] };
  /** A call with the new token that says where the account lives. */
  afterToken?: { url: string; header: string; template: string; keep: Params };
  /** A short-lived token is traded for a long-lived one, and a living one for the next: there is no refresh token. */
  exchange?: { url: string; grantType: string; tokenParam: string };
}

export interface ClientCredentialsMethod extends Method, TokenEndpoint {
  kind: 'oauth2_client_credentials';
  scopes: string[];
}

export interface JwtBearerMethod extends Method, TokenEndpoint {
  kind: 'oauth2_jwt_bearer';
  scopes: string[];
  /** Templates of the claims; the key is PKCS#8 in PEM. */
  assertion: { key: string; claims: Params; lifetimeS: number };
}

export interface OAuth1Method extends Method {
  kind: 'oauth1';
  algorithm: 'HMAC-SHA1' | 'HMAC-SHA256';
  requestTokenUrl: string;
  authorizeUrl: string;
  accessTokenUrl: string;
  scopes: string[];
  scopeSeparator: string;
  extraAuthorize?: Params;
}

export interface SessionMethod extends Method, Pick<TokenEndpoint, 'tokenLifetimeS'> {
  kind: 'session';
  login: { url: string; json: Record<string, string | boolean> };
  /** Takes the refresh token as a bearer's. */
  refreshUrl: string;
  /** The field to blame for a refused login. */
  blame: string;
}

export interface StaticMethod extends Method {
  kind: 'api_key' | 'basic' | 'oauth1_keys';
}

/** One declared way to connect: data, moved by `oauth.ts` and `ask.ts`. */
export type DeclaredMethod =
  CodeMethod | ClientCredentialsMethod | JwtBearerMethod | OAuth1Method | SessionMethod | StaticMethod;
