import { createHash, createHmac } from 'node:crypto';
import { SignJWT, jwtVerify } from 'jose';
import type { JWTHeaderParameters } from 'jose';
import { Fault } from '../ports/errors.ts';
import { Principal, TOKEN_LIFETIME_MS } from '../ports/identity.ts';
import type { KeyRing } from '../ports/key-ring.ts';

const ISSUER = 'bizosaas';
const AUDIENCE = 'bizosaas-api';
const ALGORITHM = 'HS256';

export interface Tokens {
  issue: (principal: Principal) => Promise<{ token: string; expiresAt: string }>;
  /**
   * Whom a bearer token names; `unauthenticated` for anything that we did not issue, or whose key was given up, or that has
   * lapsed; `unavailable` when the keys cannot be had.
   */
  verify: (token: string) => Promise<{ principal: Principal; expiresAt: Date }>;
  /** Keyed digest: what is kept of a body that may hold a secret, so that nobody can guess it from the digest. The same for ever. */
  digest: (text: string) => Promise<string>;
}

/**
 * Tokens of this deployment's own login: one pinned algorithm, so no header of a token chooses how it is judged. A header
 * names one of our own keys and nothing else.
 */
export const createTokens = (keys: KeyRing, digestKey: () => Promise<Uint8Array>): Tokens => {
  const keyOf = async ({ kid }: JWTHeaderParameters): Promise<Uint8Array> => {
    const key = kid === undefined ? null : await keys.find(kid);
    if (key === null) throw new Fault('unauthenticated', 'This token was signed with a key that is not ours.');
    return key;
  };
  return {
    issue: async ({ userId, ...claims }) => {
      const { kid, key } = await keys.current();
      const expires = new Date(Date.now() + TOKEN_LIFETIME_MS);
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
        .setSubject(userId)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(expires)
        .sign(key);
      return { token, expiresAt: expires.toISOString() };
    },
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['sub', 'exp'],
        });
        const { sub, email, role, tenantId, exp = 0 } = payload;
        return {
          principal: Principal.parse({ userId: sub, email, role, tenantId }),
          expiresAt: new Date(exp * 1000),
        };
      } catch (cause) {
        if (cause instanceof Fault && cause.code !== 'unauthenticated') throw cause;
        throw new Fault('unauthenticated', 'This token is not valid or has lapsed; log in again.', { cause });
      }
    },
    digest: async (text) =>
      createHmac('sha256', await digestKey())
        .update(text)
        .digest('hex'),
  };
};

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A UUID that stands for a text: the same one each time, and nobody else's. */
export const namedUuid = (text: string): string => {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};
