import type { AppTrouble, OAuthApp } from '../ports/oauth-apps.ts';
import type { AuthWay } from '../ports/connectors.ts';
import { isFault } from '../ports/errors.ts';
import { PLATFORM } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { expectedWhenGone, oauthAppSecretPath, sameValues } from '../ports/secrets.ts';
import type { StagedRef } from '../ports/secrets.ts';
import { myWorkflowId } from './grants.ts';

/** Our application at a vendor, but for its secret. */
export type AppDetails = Pick<OAuthApp, 'clientId' | 'redirectUris' | 'scopes' | 'enabled'>;

export interface Account {
  accountId: string;
  accountName: string;
}

type Needs = Pick<Ports, 'connectors' | 'oauth' | 'oauthApps' | 'secrets' | 'staging' | 'audit'>;

/** Credentials that are tested, and applications at vendors. */
export const createAppActivities = ({ connectors, oauth, oauthApps, secrets, staging, audit }: Needs) => {
  const opened = (staged: StagedRef) => staging.open(staged, myWorkflowId());

  return {
    /** By the vendor's cheapest real call. Nothing is kept. */
    verifyStaged: async (way: AuthWay, staged: StagedRef): Promise<Account> => {
      const given = await opened(staged);
      const granted = oauth.renews(way, given) ? await oauth.renew(way, given) : { values: given, settings: {} };
      const { accountId, accountName } = await connectors.verify(
        { ...way, settings: { ...way.settings, ...granted.settings } },
        granted.values,
      );
      return { accountId, accountName };
    },

    /** False where the vendor cannot be asked whether it knows an application. */
    testApp: async (connectorId: string, clientId: string, staged: StagedRef): Promise<boolean> => {
      const { client_secret: clientSecret = '' } = await opened(staged);
      try {
        await oauth.testApp(connectorId, { clientId, clientSecret });
        return true;
      } catch (error) {
        if (isFault(error, 'unsupported')) return false;
        throw error;
      }
    },

    /** Keeps the application; whatever trouble it had is over. */
    keepApp: async (connectorId: string, app: AppDetails, staged: StagedRef, actor: string): Promise<OAuthApp> => {
      const values = await opened(staged);
      const path = oauthAppSecretPath(connectorId);
      const current = await secrets.read(path);
      const secretVersion =
        current && sameValues(current.values, values)
          ? current.version
          : await secrets.put(path, current?.version ?? (await expectedWhenGone(secrets, path)), values, {
              class: 'oauth_client_secret',
              createdBy: actor,
            });
      const kept = await oauthApps.put({ connectorId, ...app, secretVersion });
      await audit.append(PLATFORM, {
        key: `oauth-app/${connectorId}/${kept.updatedAt}`,
        actor,
        action: 'oauth_app.kept',
        resourceType: 'oauth_app',
        resourceId: connectorId,
        metadata: { clientId: app.clientId, enabled: app.enabled, secretVersion },
      });
      return kept;
    },

    /** What all connections of this application suffer from; null: nothing. */
    appTrouble: (connectorId: string): Promise<AppTrouble | null> => oauthApps.trouble(connectorId),
  };
};
