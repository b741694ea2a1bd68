import { randomBytes } from 'node:crypto';
import { Fault, isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { Scope, TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { Channel } from '../../ports/notifications.ts';
import type { RotationCandidate, RotationRef, RotationTarget, Rotator } from '../../ports/rotation.ts';
import { channelSecretPath, tenantSigningKeyPath } from '../../ports/secrets.ts';
import type { NewSecretMeta, SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { sendToWebhook, signed, signingKeysIn } from '../notifications/webhook.ts';
import { changeSecret, forgetOlder } from './change.ts';

interface Parts extends Pick<Ports, 'channels' | 'secrets' | 'hash'> {
  /** The guarded one: tenants give the addresses. */
  http: HttpClient;
  publicUrl: string;
}

/** The tenant's own key; any other subject is the id of a webhook channel. */
const OWN = 'signing-key';
const KEY = /^(whsec_)?[A-Za-z0-9+/_-]{32,172}={0,2}$/;

/**
 * The key that signs what the platform sends. Its secret holds `key`, in use, and while it is rotated `next` or `previous`:
 * every delivery is signed with all that stand there. `rotation` says whose they are, `since` how old the one in use is.
 */
export const webhookSigningSecret = ({ channels, secrets, http, publicUrl, hash }: Parts): Rotator => {
  const webhooks = async (scope: Scope) => (await channels.list(scope)).filter(({ kind }) => kind === 'webhook');
  const isOwn = ({ scope, subject }: RotationTarget) => subject === OWN && scope !== PLATFORM;
  const pathOf = (target: RotationTarget) =>
    isOwn(target) ? tenantSigningKeyPath(target.scope as TenantId) : channelSecretPath(target.scope, target.subject);
  const channelOf = async ({ scope, subject }: RotationTarget): Promise<Channel | undefined> =>
    (await webhooks(scope)).find(({ id }) => id === subject);

  const candidate = async (scope: Scope, subject: string): Promise<RotationCandidate[]> => {
    const target = { scope, secretClass: 'webhook_signing_secret' as const, subject };
    const kept = await secrets.read(pathOf(target));
    return kept?.values['key'] ? [{ ...target, since: kept.values['since'] ?? kept.meta.createdAt }] : [];
  };
  /** `next` sees whether the keys beside the one in use are this rotation's. */
  const change = async (ref: RotationRef, next: (values: SecretValues, mine: boolean) => SecretValues) => {
    const secretClass: NewSecretMeta['class'] = isOwn(ref) ? 'webhook_signing_secret' : 'notification_channel';
    await changeSecret(secrets, pathOf(ref), { class: secretClass, createdBy: ref.rotationId }, (values) =>
      next(values, values['rotation'] === ref.rotationId),
    );
  };
  /** Without what a rotation wrote beside the key in use. */
  const settled = ({ key = '', url }: SecretValues, since: string | undefined): SecretValues => ({
    ...(url !== undefined && { url }),
    key,
    ...(since !== undefined && { since }),
  });

  return {
    async targets(scope) {
      const subjects = [...(scope === PLATFORM ? [] : [OWN]), ...(await webhooks(scope)).map(({ id }) => id)];
      return (await Promise.all(subjects.map((subject) => candidate(scope, subject)))).flat();
    },

    async plan(target) {
      if (isOwn(target)) return { by: 'platform', ask: null };
      const channel = await channelOf(target);
      if (!channel) return { by: null, why: 'There is no webhook channel of this id any more.' };
      const ask = `Make a new signing secret (whsec_ and 32 random bytes in base64), enter it at the receiver of “${channel.title}” beside the old one, and paste it here as key. A test delivery that is signed with it must be accepted; until the end of the overlap every delivery is signed with both.`;
      return { by: 'person', ask };
    },

    async create(ref, given) {
      const pasted = given?.['key']?.trim();
      const usable = pasted === undefined ? given === null && isOwn(ref) : KEY.test(pasted);
      if (!usable) {
        const message = 'the new signing secret is needed here: whsec_ and at least 24 random bytes in base64';
        throw new Fault('invalid_request', message, { fields: [{ path: 'key', message }] });
      }
      const kept = await secrets.read(pathOf(ref));
      const made = pasted ?? randomBytes(32).toString('base64url');
      await change(ref, (values, mine) => {
        const isThere = mine && (values['previous'] !== undefined || pasted === undefined || values['next'] === pasted);
        if (isThere) return values;
        if (values['key'] === made) {
          const message = 'this is the signing secret that is in use; make a new one';
          throw new Fault('invalid_request', message, { fields: [{ path: 'key', message }] });
        }
        const since = values['since'] ?? kept?.meta.createdAt;
        return { ...settled(values, since), next: made, rotation: ref.rotationId };
      });
    },

    async verify(ref) {
      const values: SecretValues = (await secrets.read(pathOf(ref)))?.values ?? {};
      const { next, previous, key = '', url, rotation } = values;
      const successor = next ?? (previous === undefined ? undefined : key);
      if (rotation !== ref.rotationId || successor === undefined)
        throw new Fault('conflict', 'this rotation holds no successor any more; start another one');
      const id = hash(`${ref.rotationId}\n${next === undefined ? 'after' : 'before'}`);
      if (url === undefined) {
        // Nobody listens who could be asked: both keys must sign.
        signed(signingKeysIn(values), { id, at: new Date(), body: '' });
        return;
      }
      const subject = 'This is a test of the new signing secret: it alone signed this delivery.';
      await sendToWebhook(
        http,
        { url, keys: [successor] },
        { id, kind: 'channel_test', subject, url: `${publicUrl}/docs` },
      );
    },

    cutOver: (ref) =>
      change(ref, (values, mine) => {
        const { key = '', next, previous, since = '' } = values;
        if (mine && previous !== undefined) return values;
        if (!mine || next === undefined)
          throw new Fault('conflict', 'this rotation holds no successor any more; start another one');
        const now = new Date().toISOString();
        const current = settled({ ...values, key: next }, now);
        return { ...current, previous: key, previousSince: since, rotation: ref.rotationId };
      }),

    neededBy: async () => null,

    async revoke(ref) {
      const channel = isOwn(ref) ? undefined : await channelOf(ref);
      await change(ref, (values, mine) => (mine ? settled(values, values['since']) : values)).catch(silentWhenGone);
      await forgetOlder(secrets, pathOf(ref));
      if (!channel) return { left: null };
      return {
        left: `Take the old signing secret out of the receiver of “${channel.title}” if it still stands there.`,
      };
    },

    async rollBack(ref) {
      await change(ref, (values, mine) => {
        const { previous, previousSince } = values;
        if (!mine) return values;
        return previous === undefined
          ? settled(values, values['since'])
          : settled({ ...values, key: previous }, previousSince);
      }).catch(silentWhenGone);
    },
  };
};

const silentWhenGone = (error: unknown): void => {
  if (!isFault(error, 'not_found')) throw error;
};
