import { jwtVerify, SignJWT } from 'jose';
import { Fault } from '../../ports/errors.ts';
import { TOKEN_LIFETIME_MS } from '../../ports/identity.ts';
import type { Rotator } from '../../ports/rotation.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { JWT_KEY_PATH, openJwtKeys } from '../jwt-key.ts';
import { ringRotator } from './ring-key.ts';

/** The key that signs our own tokens. People stay logged in: what the old key signed is accepted until it has lapsed. */
export const jwtSigningKey = ({ secrets }: { secrets: SecretPort }): Rotator =>
  ringRotator(secrets, {
    path: JWT_KEY_PATH,
    secretClass: 'jwt_signing_key',
    subject: 'jwt-keys',
    tryOut: async (kid) => {
      const keys = openJwtKeys(secrets);
      const key = await keys.find(kid);
      if (key === null) throw new Fault('conflict', 'the new signing key is not in the ring; start another rotation');
      const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid }).setExpirationTime('1m').sign(key);
      await jwtVerify(token, async (header) => (await keys.find(header.kid ?? '')) ?? new Uint8Array());
    },
    neededBy: async (_ref, { settledAt }) => {
      const lapsedAt = settledAt + TOKEN_LIFETIME_MS;
      if (Date.now() >= lapsedAt) return null;
      return `until ${new Date(lapsedAt).toISOString()} somebody may be logged in with a token that the old key signed`;
    },
  });
