import { Fault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import { oauthAppSecretPath } from '../../ports/secrets.ts';

/** Our application at one vendor, with its secret: read at each call, kept nowhere. */
export interface App {
  clientId: string;
  clientSecret: string;
  /** Asked for instead of the connector's own; null: the connector's. */
  scopes: string[] | null;
  redirectUris: string[];
  enabled: boolean;
}

export type Apps = (connectorId: string) => Promise<App | null>;

/** The application of the platform's row, else the one that the environment declares. */
export const createApps =
  ({
    oauthApps,
    secrets,
    declared,
  }: Pick<Ports, 'oauthApps' | 'secrets'> & {
    declared: Record<string, { clientId: string; clientSecret: string }>;
  }): Apps =>
  async (connectorId) => {
    const row = await oauthApps.get(connectorId);
    if (!row) {
      const app = Object.hasOwn(declared, connectorId) ? declared[connectorId] : undefined;
      return app ? { ...app, scopes: null, redirectUris: [], enabled: true } : null;
    }
    const { clientId, scopes, redirectUris, enabled } = row;
    const secret = await secrets.read(oauthAppSecretPath(connectorId));
    return { clientId, clientSecret: secret?.values['client_secret'] ?? '', scopes, redirectUris, enabled };
  };

/** An application that can be used, or the sentence that says why there is none. */
export async function usableApp(apps: Apps, connectorId: string, title: string): Promise<App> {
  const app = await apps(connectorId);
  if (!app) throw new Fault('client_broken', `${title} is not set up on this platform: it has no client id and secret`);
  if (!app.enabled) throw new Fault('client_broken', `${title} is switched off on this platform; switch its app on`);
  if (app.clientSecret === '')
    throw new Fault('client_broken', `the client secret of ${title} is missing here; enter the app’s secret again`);
  return app;
}
