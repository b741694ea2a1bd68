import { createHash, randomUUID } from 'node:crypto';
import type { Account } from './app.ts';
import type { Grant } from './grants.ts';

const LIFE_MS = 60_000;

interface Code {
  account: Account;
  scopes: string[];
  redirectUri: string;
  challenge: string | null;
  expiresAt: number;
  /** The grant it was swapped for; a second use revokes that, as RFC 6749 §4.1.2 advises. */
  spentOn?: Grant;
}

export interface Codes {
  now: () => number;
  issued: Map<string, Code>;
}

export const createCodes = (now: () => number): Codes => ({ now, issued: new Map() });

export function codeFor({ now, issued }: Codes, account: Account, asked: URLSearchParams): string {
  const code = `eu1-${randomUUID()}`;
  const scopes = `${asked.get('scope') ?? ''} ${asked.get('optional_scope') ?? ''}`.split(' ').filter(Boolean);
  issued.set(code, {
    account,
    scopes: [...new Set(scopes)],
    redirectUri: asked.get('redirect_uri') ?? '',
    challenge: asked.get('code_challenge'),
    expiresAt: now() + LIFE_MS,
  });
  return code;
}

/** The code when it may be swapped, else why not, in HubSpot's word and in prose. */
export function redeemable({ now, issued }: Codes, form: URLSearchParams): Code | { status: string; why: string } {
  const code = issued.get(form.get('code') ?? '');
  if (!code) return { status: 'BAD_AUTH_CODE', why: 'missing or unknown auth code' };
  if (code.spentOn) {
    code.spentOn.revoked = true;
    return { status: 'BAD_AUTH_CODE', why: 'the auth code has been used' };
  }
  if (code.expiresAt <= now()) return { status: 'BAD_AUTH_CODE', why: 'the auth code has expired' };
  if (form.get('redirect_uri') !== code.redirectUri) {
    return { status: 'MISMATCH_REDIRECT_URI_AUTH_CODE', why: 'redirect_uri differs from the one at authorization' };
  }
  if (code.challenge !== null && s256(form.get('code_verifier') ?? '') !== code.challenge) {
    return { status: 'BAD_CODE_VERIFIER', why: 'code_verifier does not match the code_challenge' };
  }
  return code;
}

const s256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
