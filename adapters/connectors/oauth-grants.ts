import { importPKCS8, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import type { TokenSet } from '../../ports/oauth.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { ClientCredentialsMethod, JwtBearerMethod, Params } from './auth-methods.ts';
import { askTokens } from './oauth-token.ts';
import type { Server } from './oauth-token.ts';
import { filled } from './paths.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export const clientCredentials = (
  { scopes }: ClientCredentialsMethod,
  server: Server,
  current: SecretValues,
): Promise<TokenSet> =>
  askTokens(server, current, (as, client, options) =>
    oauth.clientCredentialsGrantRequest(
      as,
      client,
      server.auth,
      scopes.length === 0 ? {} : { scope: scopes.join(' ') },
      options,
    ),
  );

/** A new assertion, signed with the account's own key, for a new token (RFC 7523). */
export async function jwtBearer(
  { assertion: { key, claims, lifetimeS } }: JwtBearerMethod,
  server: Server,
  settings: Params,
  current: SecretValues,
): Promise<TokenSet> {
  const values = { ...settings, ...current };
  const said = Object.entries(claims).map(([name, template]) => [name, filled(template, values)]);
  const assertion = await new SignJWT(Object.fromEntries(said) as Record<string, string>)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime(`${lifetimeS}s`)
    .sign(await signingKey(filled(key, values), server.title));
  return askTokens(server, current, (as, client, options) =>
    oauth.genericTokenEndpointRequest(as, client, server.auth, JWT_BEARER, { assertion }, options),
  );
}

async function signingKey(pem: string, title: string) {
  try {
    // People paste keys out of JSON, with their line breaks still written as \n.
    return await importPKCS8(pem.replace(/\\n/g, '\n'), 'RS256');
  } catch {
    throw new Fault('grant_revoked', `the private key for ${title} cannot be read; give it again, in PEM (PKCS#8)`);
  }
}
