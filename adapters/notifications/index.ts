import { Fault } from '../../ports/errors.ts';
import type { Scope } from '../../ports/ids.ts';
import type { Channel, ChannelStore, Note, NotifierPort } from '../../ports/notifications.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { channelSecretPath } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import type { Smtp } from './email.ts';
import { createMailer } from './email.ts';
import { sendToSlack } from './slack.ts';
import { sendToWebhook, signingKeysIn } from './webhook.ts';

interface NotifierOptions {
  inbox: Pick<NotifierPort, 'notify' | 'inbox'>;
  channels: ChannelStore;
  secrets: SecretPort;
  /** The guarded one: Slack's and webhooks' addresses are given by tenants. */
  http: HttpClient;
  /** Null: this deployment sends no mail. */
  smtp: Smtp | null;
  /** Before every link, which is a path of this site. */
  publicUrl: string;
  hash: (text: string) => string;
}

export function createNotifier(options: NotifierOptions): NotifierPort {
  const { inbox, channels, secrets, http, smtp, publicUrl, hash } = options;
  const sendMail = createMailer(smtp);

  const secretOf = async (scope: Scope, { id }: Channel) => {
    const values = (await secrets.read(channelSecretPath(scope, id)))?.values ?? {};
    const { url } = values;
    if (url === undefined)
      throw new Fault('not_found', 'The address of this channel is gone; remove it and add it again.');
    return { url, keys: signingKeysIn(values) };
  };

  const send = async (scope: Scope, channel: Channel, { key, roles, kind, subject, link }: Note): Promise<string> => {
    const message = { id: hash(`${channel.id}\n${key}`), kind, subject, url: `${publicUrl}${link}` };
    switch (channel.kind) {
      case 'email':
        return sendMail(await channels.addresses(scope, roles), message);
      case 'slack':
        return sendToSlack(http, (await secretOf(scope, channel)).url, message);
      case 'webhook':
        return sendToWebhook(http, await secretOf(scope, channel), message);
    }
  };

  return {
    ...inbox,
    channels: async (scope) => (await channels.list(scope)).filter(({ enabled }) => enabled),
    async deliver(scope, channelId, note) {
      const channel = (await channels.list(scope)).find(({ id }) => id === channelId);
      if (!channel) throw new Fault('not_found', `There is no channel ${channelId}.`);
      if (!(await channels.claim(scope, channelId, note.key))) return;
      const settle = (ok: boolean, message: string) => channels.settle(scope, channelId, note.key, { ok, message });
      const outcome = await send(scope, channel, note).catch(async (error: unknown) => {
        await settle(false, error instanceof Fault ? error.message : 'It failed for a reason of our own.');
        throw error;
      });
      await settle(true, outcome);
    },
  };
}
