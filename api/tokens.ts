import { createHash, createHmac } from 'node:crypto';
import { SignJWT, jwtVerify } from 'jose';
import { Fault } from '../ports/errors.ts';
import { Principal } from '../ports/identity.ts';

const ISSUER = 'bizosaas';
const AUDIENCE = 'bizosaas-api';
const ALGORITHM = 'HS256';
const LIFETIME_MS = 8 * 60 * 60 * 1000;

export interface Tokens {
  issue: (principal: Principal) => Promise<{ token: string; expiresAt: string }>;
  /** Whom a bearer token names; `unauthenticated` for anything that we did not issue or that has lapsed. */
  verify: (token: string) => Promise<{ principal: Principal; expiresAt: Date }>;
  /** Keyed digest: what is kept of a body that may hold a secret, so that nobody can guess it from the digest. */
  digest: (text: string) => string;
}

/** Tokens of this deployment's own login: one pinned algorithm, so no header of a token chooses how it is judged. */
export const createTokens = (key: Uint8Array): Tokens => {
  const digestKey = createHmac('sha256', key).update('bizosaas/body-digest').digest();
  return {
    issue: async ({ userId, ...claims }) => {
      const expires = new Date(Date.now() + LIFETIME_MS);
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
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
        const { payload } = await jwtVerify(token, key, {
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
        throw new Fault('unauthenticated', 'This token is not valid or has lapsed; log in again.', { cause });
      }
    },
    digest: (text) => createHmac('sha256', digestKey).update(text).digest('hex'),
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
