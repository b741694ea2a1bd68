import type { AuthMethod } from '../../ports/connector-info.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { DeclaredMethod } from './auth-methods.ts';
import type { Manifest } from './manifest.ts';

export function manifestOf(manifests: Record<string, Manifest>, id: string): Manifest {
  const manifest = Object.hasOwn(manifests, id) ? manifests[id] : undefined;
  if (manifest) return manifest;
  throw new Fault(
    'unknown_connector',
    `there is no connector of this name; there are: ${Object.keys(manifests).join(', ')}`,
  );
}

/** The method of this name, or the first when none is named. */
export function methodOf({ auth, title }: Manifest, id?: string | null): DeclaredMethod {
  const method = id === undefined || id === null ? auth[0] : auth.find((candidate) => candidate.id === id);
  if (method) return method;
  const message = `${title} is not connected this way; choose one of: ${auth.map((known) => known.id).join(', ')}`;
  throw new Fault('invalid_request', message, { fields: [{ path: 'method', message }] });
}

/** Whether what is stored can be renewed; if not, it is used as it is for as long as the vendor takes it. */
export function renews(method: DeclaredMethod, current: SecretValues): boolean {
  switch (method.kind) {
    case 'oauth2_code':
      return method.exchange ? Boolean(current['expiresAt']) : Boolean(current['refresh_token']);
    case 'oauth2_client_credentials':
    case 'oauth2_jwt_bearer':
    case 'session':
      return true;
    case 'oauth1':
    case 'oauth1_keys':
    case 'api_key':
    case 'basic':
      return false;
  }
}

export const redirects = ({ kind }: DeclaredMethod): boolean => kind === 'oauth2_code' || kind === 'oauth1';

export const describeMethod = (method: DeclaredMethod): AuthMethod => ({
  id: method.id,
  title: method.title,
  kind: method.kind,
  flow: redirects(method) ? 'redirect' : 'form',
  scopes: 'scopes' in method ? method.scopes : [],
  fields: method.fields.map(({ name, title, secret, kind, options, fallback, help }) => ({
    name,
    title,
    secret,
    kind,
    ...(options && { options }),
    ...(fallback !== undefined && { fallback }),
    help,
  })),
});
