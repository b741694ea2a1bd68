import type { ApiDeps } from '../deps.ts';
import { Fault } from '../../ports/errors.ts';

/** The one for all connectors, from before each had its own: only for apps that are registered with exactly this. */
const shared = (publicUrl: string): string => `${publicUrl}/api/v1/oauth/callback`;

/**
 * A path for each connector, so that a code of one vendor cannot come in as another's (RFC 9700, 4.4.2). Built from
 * configuration only: no header of a request can change where a vendor sends its codes.
 */
export const redirectUriOf = (publicUrl: string, connectorId: string): string => `${shared(publicUrl)}/${connectorId}`;

/** The one that this connector's app is registered with at the vendor. */
export const chooseRedirectUri = async (
  { ports, settings: { publicUrl } }: ApiDeps,
  connectorId: string,
): Promise<string> => {
  const app = await ports.oauthApps.get(connectorId);
  const own = redirectUriOf(publicUrl, connectorId);
  if (app === null || app.redirectUris.includes(own)) return own;
  if (app.redirectUris.includes(shared(publicUrl))) return shared(publicUrl);
  throw new Fault(
    'client_broken',
    `The platform’s app at ${connectorId} is registered for other addresses than this one; the platform’s people must add ${own}.`,
  );
};
