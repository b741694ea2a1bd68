import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import type { Scope } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { Channel, ChannelKind } from '../../ports/notifications.ts';
import { channelSecretPath } from '../../ports/secrets.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { idFor } from '../start-operation.ts';
import { tryChannel } from '../try-channel.ts';

const NewChannel = z
  .strictObject({
    kind: ChannelKind,
    title: Text.min(1).max(120),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .meta({ description: 'For Slack and webhooks: where to send. A secret: it is never shown again.' }),
  })
  .meta({ id: 'NewChannel' });
type NewChannel = z.infer<typeof NewChannel>;

const Added = Channel.extend({
  signingKey: z
    .string()
    .nullable()
    .meta({ description: 'Of a webhook, shown this once: the receiver checks with it.' }),
}).meta({ id: 'ChannelAdded' });

/** As Standard Webhooks writes it. */
const newSigningKey = () => `whsec_${randomBytes(32).toString('base64')}`;

const refuseUrl = ({ kind, url }: NewChannel): void => {
  if ((url === undefined) === (kind === 'email')) return;
  const message = kind === 'email' ? 'e-mail goes to people’s own addresses; leave it out' : 'is missing';
  throw new Fault('invalid_request', 'The channel is not complete.', { fields: [{ path: 'url', message }] });
};

const params = z.strictObject({ id: z.uuid() });
const Removed = z.strictObject({ id: z.uuid() }).meta({ id: 'ChannelRemoved' });

export const channelRoutes = (deps: ApiDeps): Route[] => {
  const { ports } = deps;
  const channelNamed = async (scope: Scope, id: string): Promise<Channel> => {
    const channel = (await ports.channels.list(scope)).find((one) => one.id === id);
    if (channel === undefined) throw new Fault('not_found', 'There is no such channel.');
    return channel;
  };
  const tellAudit = (ctx: Context, scope: Scope, { userId }: Principal, action: string, id: string) =>
    auditLine(deps, ctx, scope, { actor: userId, action, resourceType: 'channel', resourceId: id });

  return [
    route({
      method: 'get',
      path: '/notification-channels',
      summary: 'Ways to reach people besides the inbox, and how the last delivery went',
      may: 'manageNotifications',
      within: 'scope',
      reply: { status: 200, schema: z.strictObject({ data: z.array(Channel), nextCursor: z.null() }) },
      handle: async ({ scope }) => ({ data: await ports.channels.list(scope), nextCursor: null }),
    }),
    route({
      method: 'post',
      path: '/notification-channels',
      summary: 'Add a channel: e-mail, Slack, or a signed webhook',
      may: 'manageNotifications',
      within: 'scope',
      body: NewChannel,
      reply: { status: 201, schema: Added, secret: true },
      async handle({ body, scope, principal, onceKey, ctx }) {
        refuseUrl(body);
        const { kind, title, url } = body;
        const id = idFor(onceKey, 'channel');
        const path = channelSecretPath(scope, id);
        // Into our own store, as the whole write is: no outside system learns of it, so no workflow has to undo it.
        const signingKey = kind === 'webhook' ? newSigningKey() : null;
        if (url !== undefined) {
          const values = { url, ...(signingKey === null ? {} : { key: signingKey }) };
          const current = await ports.secrets.read(path);
          const meta = { class: 'notification_channel' as const, createdBy: principal.userId };
          await ports.secrets.put(path, current?.version ?? 0, values, meta);
        }
        const channel = await ports.channels.add(scope, { id, kind, title }).catch(async (error: unknown) => {
          await ports.secrets.destroy(path);
          throw error;
        });
        await tellAudit(ctx, scope, principal, 'channel.added', id);
        ctx.set('Location', '/api/v1/notification-channels');
        return { ...channel, signingKey };
      },
    }),
    route({
      method: 'post',
      path: '/notification-channels/:id/test',
      summary: 'Send one note by this channel now; lastOutcome says how it went',
      may: 'manageNotifications',
      within: 'scope',
      params,
      reply: { status: 200, schema: Channel },
      async handle({ params: { id }, scope, principal }) {
        const channel = await channelNamed(scope, id);
        return tryChannel(deps, scope, channel, principal.role);
      },
    }),
    route({
      method: 'post',
      path: '/notification-channels/:id/remove',
      summary: 'Remove a channel and its secret',
      may: 'manageNotifications',
      within: 'scope',
      params,
      reply: { status: 200, schema: Removed },
      async handle({ params: { id }, scope, principal, ctx }) {
        await channelNamed(scope, id);
        await ports.channels.remove(scope, id);
        await ports.secrets.destroy(channelSecretPath(scope, id));
        await tellAudit(ctx, scope, principal, 'channel.removed', id);
        return { id };
      },
    }),
  ];
};
