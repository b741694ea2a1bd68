import { Fault, isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { OAuthApp } from '../../ports/oauth-apps.ts';
import type { RotationTarget, Rotator } from '../../ports/rotation.ts';
import { oauthAppSecretPath, sameValues } from '../../ports/secrets.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { cutOverBy, exchangeSecret, forgetOlder, rolledBackBy, sinceOf } from './change.ts';
import { createHold } from './hold.ts';

type Needs = Pick<Ports, 'connectors' | 'oauth' | 'oauthApps' | 'secrets'>;

/** The secret of the platform's application at a vendor, named by its connector. No vendor makes one for a program. */
export const oauthClientSecret = ({ connectors, oauth, oauthApps, secrets }: Needs): Rotator => {
  const appOf = async ({ scope, subject }: RotationTarget): Promise<OAuthApp | null> =>
    scope === PLATFORM ? oauthApps.get(subject) : null;
  const knownApp = async (target: RotationTarget): Promise<OAuthApp> => {
    const app = await appOf(target);
    if (app) return app;
    throw new Fault(
      'not_found',
      `no application at ${target.subject} is kept here; keep one by POST /api/v1/oauth/apps/{connector}`,
    );
  };
  const titleOf = ({ subject }: RotationTarget) => connectors.info(subject).title;

  const inUse = async ({ subject }: RotationTarget): Promise<SecretValues> => {
    const current = await secrets.read(oauthAppSecretPath(subject));
    if (current) return current.values;
    throw new Fault('not_found', `the client secret of ${subject} is missing here; enter the app’s secret again`);
  };
  const exchange = async (target: RotationTarget, from: SecretValues, to: SecretValues, createdBy: string) => {
    const { subject } = target;
    const version = await exchangeSecret(secrets, oauthAppSecretPath(subject), {
      ...{ from, to, meta: { class: 'oauth_client_secret', createdBy } },
      otherwise: `somebody entered another client secret of ${subject} meanwhile; that one stays in use`,
    });
    const { connectorId, clientId, redirectUris, scopes, enabled, secretVersion } = await knownApp(target);
    if (secretVersion !== version)
      await oauthApps.put({ connectorId, clientId, redirectUris, scopes, enabled, secretVersion: version });
  };

  return {
    async targets(scope) {
      if (scope !== PLATFORM) return [];
      const found = (await oauthApps.list()).map(async ({ connectorId }) => {
        const since = sinceOf(await secrets.describe(oauthAppSecretPath(connectorId)));
        return since === null
          ? []
          : [{ scope, secretClass: 'oauth_client_secret' as const, subject: connectorId, since }];
      });
      return (await Promise.all(found)).flat();
    },

    async plan(target) {
      const app = await appOf(target);
      if (!app) {
        const why = `No application at ${target.subject} is kept here; one that the environment declares is changed there.`;
        return { by: null, why };
      }
      const ask = `Make a second client secret of the application ${app.clientId} at ${titleOf(target)} and paste it here as client_secret. It is tested before it is used, and the old one stays valid until you delete it there.`;
      return { by: 'person', ask };
    },

    async create(ref, given) {
      const { client_secret: secret = '', ...others } = given ?? {};
      if (secret.trim() === '' || Object.keys(others).length > 0) {
        const message = 'the new client secret, and nothing else, is needed here';
        throw new Fault('invalid_request', message, { fields: [{ path: 'client_secret', message }] });
      }
      const hold = createHold(secrets, ref);
      const held = await hold.read();
      const successor = { client_secret: secret.trim() };
      if (held?.successor && sameValues(held.successor, successor)) return;
      const predecessor = held?.predecessor ?? (await inUse(ref));
      if (sameValues(predecessor, successor)) {
        const message = 'this is the client secret that is in use; make a new one at the vendor';
        throw new Fault('invalid_request', message, { fields: [{ path: 'client_secret', message }] });
      }
      await hold.write({ predecessor, successor, notes: {} }, held?.version ?? 0);
    },

    async verify(ref) {
      const { successor } = await createHold(secrets, ref).whole();
      const { clientId } = await knownApp(ref);
      const clientSecret = successor['client_secret'] ?? '';
      await oauth.testApp(ref.subject, { clientId, clientSecret }).catch((error: unknown) => {
        // Some vendors live at each tenant's own host, and cannot be asked about an application.
        if (!isFault(error, 'unsupported')) throw error;
      });
    },

    async cutOver(ref) {
      const { predecessor, successor } = await createHold(secrets, ref).whole();
      await exchange(ref, predecessor, successor, cutOverBy(ref.rotationId));
    },

    neededBy: async () => null,

    async revoke(ref) {
      const app = await appOf(ref);
      await forgetOlder(secrets, oauthAppSecretPath(ref.subject));
      await createHold(secrets, ref).drop();
      return {
        left:
          app &&
          `Delete the old client secret of the application ${app.clientId} at ${titleOf(ref)}: nothing here uses it any more.`,
      };
    },

    async rollBack(ref) {
      const hold = createHold(secrets, ref);
      const held = await hold.read();
      if (held?.successor) {
        const { successor, predecessor } = held;
        // An application that was removed, or got another secret from a person, is left as it is.
        await exchange(ref, successor, predecessor, rolledBackBy(ref.rotationId)).catch((error: unknown) => {
          if (!isFault(error, 'not_found', 'conflict')) throw error;
        });
      }
      await hold.drop();
    },
  };
};
