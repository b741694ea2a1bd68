import { json, type Reply } from '../http.ts';

/** RFC 6749's word for each reason a token is not given, and a sentence. Vendors dress the reason in their own words. */
const REASONS = {
  request: ['invalid_request', 'The request is malformed.'],
  client_unknown: ['invalid_client', 'missing or unknown client id'],
  client_secret: ['invalid_client', 'missing or invalid client secret'],
  client_disabled: ['invalid_client', 'this app is disabled'],
  code_unknown: ['invalid_grant', 'missing or unknown auth code'],
  code_used: ['invalid_grant', 'the auth code has been used'],
  code_expired: ['invalid_grant', 'the auth code has expired'],
  redirect_mismatch: ['invalid_grant', 'redirect_uri differs from the one at authorization'],
  verifier_mismatch: ['invalid_grant', 'code_verifier does not match the code_challenge'],
  refresh_unknown: ['invalid_grant', 'missing or invalid refresh token'],
  refresh_revoked: ['invalid_grant', 'the refresh token was revoked'],
  refresh_expired: ['invalid_grant', 'the refresh token has expired'],
  refresh_reused: ['invalid_grant', 'the refresh token was rotated away'],
  assertion_issuer: ['invalid_grant', 'the assertion is of an unknown issuer'],
  assertion_signature: ['invalid_grant', 'the assertion has no valid signature'],
  assertion_audience: ['invalid_grant', 'the assertion is meant for another audience'],
  assertion_time: ['invalid_grant', 'the assertion is expired, not yet valid or too long-lived'],
  scope_unknown: ['invalid_scope', 'a scope is missing or unknown'],
  grant_type_unknown: ['unsupported_grant_type', 'missing or unknown grant_type'],
} as const;

export type Reason = keyof typeof REASONS;

export interface Refusal {
  error: (typeof REASONS)[Reason][0];
  reason: Reason;
  description: string;
}

export function refusal(reason: Reason): Refusal {
  const [error, description] = REASONS[reason];
  return { error, reason, description };
}

/** As RFC 6749 §5.2 says it. */
export const standardRefusal = ({ error, description }: Refusal): Reply =>
  json(error === 'invalid_client' ? 401 : 400, { error, error_description: description }, NO_STORE);

export const NO_STORE = { 'cache-control': 'no-store' };
