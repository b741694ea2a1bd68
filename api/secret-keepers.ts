import { Fault } from '../ports/errors.ts';
import { ConnectionId, PLATFORM } from '../ports/ids.ts';
import type { Scope } from '../ports/ids.ts';
import { Provider } from '../ports/models.ts';
import type { RotationTarget } from '../ports/rotation.ts';
import type { SecretClass } from '../ports/secret-classes.ts';
import type { ApiDeps } from './deps.ts';

/** Who looks after a secret, so that it is neither replaced nor taken away behind its back. */
export interface Keeper {
  /** A rotation takes the next one and tests it first; else a sentence that names the door to go by; null: nobody tests it. */
  replace: RotationTarget | string | null;
  /** The door by which it is taken away; null: it may simply go. */
  remove: string | null;
}

const NOBODY: Keeper = { replace: null, remove: null };
/** Names of one part: keys and logins that the platform makes for itself. */
const OWN: Keeper = {
  replace: 'is made by the platform, so have the next one made by POST /api/v1/secrets/rotations',
  remove: 'is what the platform itself runs on; have another one made by POST /api/v1/secrets/rotations',
};

const ofConnection = async (
  deps: ApiDeps,
  scope: Scope,
  id: string,
  secretClass: SecretClass | null,
): Promise<Keeper> => {
  const known = ConnectionId.safeParse(id);
  if (scope === PLATFORM || !known.success) return NOBODY;
  const connection = (await deps.ports.connections.list(scope)).find((one) => one.id === known.data);
  if (connection === undefined || connection.state === 'disconnected') return NOBODY;
  return {
    replace:
      secretClass === 'vendor_api_key'
        ? { scope, secretClass, subject: id }
        : `belongs to a connection, which tests what it is given; connect again by POST /api/v1/connections/${id}/connect`,
    remove: `belongs to a connection; POST /api/v1/connections/${id}/disconnect takes it back at the vendor too`,
  };
};

const ofChannel = async (deps: ApiDeps, scope: Scope, id: string): Promise<Keeper> => {
  const channel = (await deps.ports.channels.list(scope)).find((one) => one.id === id);
  if (channel === undefined) return NOBODY;
  return {
    replace:
      channel.kind === 'webhook'
        ? { scope, secretClass: 'webhook_signing_secret', subject: id }
        : 'belongs to a notification channel; remove that one and add another by POST /api/v1/notification-channels',
    remove: `belongs to a notification channel; POST /api/v1/notification-channels/${id}/remove`,
  };
};

const ofOAuthApp = async (deps: ApiDeps, connectorId: string): Promise<Keeper> => {
  if ((await deps.ports.oauthApps.get(connectorId)) === null) return NOBODY;
  return {
    replace: { scope: PLATFORM, secretClass: 'oauth_client_secret', subject: connectorId },
    remove: `belongs to an application at a vendor; POST /api/v1/oauth/apps/${connectorId}/remove`,
  };
};

const ofWebhook = async (deps: ApiDeps, scope: Scope, id: string): Promise<Keeper> => {
  if (!(await deps.ports.webhookInbox.list(scope)).some((one) => one.id === id)) return NOBODY;
  return {
    replace: `belongs to a webhook endpoint; PUT /api/v1/webhook-endpoints/${id}/secret keeps the one before for a while`,
    remove: `belongs to a webhook endpoint; DELETE /api/v1/webhook-endpoints/${id}`,
  };
};

const ofModelKey = async (deps: ApiDeps, scope: Scope, name: string): Promise<Keeper> => {
  const service = Provider.safeParse(name).data;
  if (scope === PLATFORM || !service || (await deps.ports.modelKeys.find(scope, service)) === null) return NOBODY;
  return {
    replace: `is a key to models, which is tested before it is kept; PUT /api/v1/model-keys/${service}`,
    remove: `is a key to models; DELETE /api/v1/model-keys/${service}`,
  };
};

/** By where it lies in its scope, and its class. */
export const keeperOf = async (
  deps: ApiDeps,
  scope: Scope,
  name: string,
  secretClass: SecretClass | null,
): Promise<Keeper> => {
  const [, folder, id = ''] = /^([^/]+)\/(.+)$/.exec(name) ?? [];
  if (folder === undefined) return OWN;
  if (folder === 'rotations') {
    const sentence = 'is held by a rotation, which destroys it at its end; cancel that one instead';
    return { replace: sentence, remove: sentence };
  }
  if (folder === 'connections') return ofConnection(deps, scope, id, secretClass);
  if (folder === 'channels') return ofChannel(deps, scope, id);
  if (folder === 'api_keys') return ofModelKey(deps, scope, id);
  if (folder === 'webhooks') return ofWebhook(deps, scope, id);
  if (folder === 'oauth-apps' && scope === PLATFORM) return ofOAuthApp(deps, id);
  return NOBODY;
};

export const refused = (sentence: string): Fault => new Fault('unsupported', `This secret ${sentence}.`);
