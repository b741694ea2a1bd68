import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { record } from '../http.ts';
import type { Reason } from './refusal.ts';

/** How far the two clocks may be apart. */
const TOLERANCE_SECONDS = 180;

export interface AssertionRules {
  audiences: string[];
  maxLifeSeconds: number;
}

/** Public keys by issuer, as somebody registered them at the vendor; judges RS256 assertions by them (RFC 7523). */
export function createAssertions(now: () => number) {
  const keys = new Map<string, KeyObject>();
  return {
    register: (issuer: string, publicKeyPem: string): void => void keys.set(issuer, createPublicKey(publicKeyPem)),
    /** The claims when all is well, else why not. */
    judge(assertion: string, { audiences, maxLifeSeconds }: AssertionRules): Record<string, unknown> | Reason {
      const [head = '', body = '', signature = ''] = assertion.split('.');
      const claims = decoded(body);
      const key = keys.get(String(claims['iss']));
      if (!key) return 'assertion_issuer';
      const signed = Buffer.from(`${head}.${body}`);
      const bytes = Buffer.from(signature, 'base64url');
      if (decoded(head)['alg'] !== 'RS256' || !verify('sha256', signed, key, bytes)) return 'assertion_signature';
      if (![claims['aud']].flat().some((audience) => audiences.includes(String(audience)))) return 'assertion_audience';
      const seconds = now() / 1000;
      const [expires, issued] = [Number(claims['exp']), Number(claims['iat'] ?? seconds)];
      const inTime =
        expires > seconds - TOLERANCE_SECONDS &&
        expires <= seconds + maxLifeSeconds + TOLERANCE_SECONDS &&
        issued <= seconds + TOLERANCE_SECONDS;
      return inTime ? claims : 'assertion_time';
    },
  };
}

function decoded(part: string): Record<string, unknown> {
  try {
    return record(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    return {};
  }
}
