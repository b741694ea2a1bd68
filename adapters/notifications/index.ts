import type { ApprovalStore } from '../../ports/approvals.ts';
import { Fault } from '../../ports/errors.ts';
import type { Scope } from '../../ports/ids.ts';
import type { Channel, ChannelStore, Note, NotifierPort } from '../../ports/notifications.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { channelSecretPath } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { createLinks } from './approval-link.ts';
import type { Smtp } from './email.ts';
import { createMailer } from './email.ts';
import type { Message } from './message.ts';
import { sendToSlack } from './slack.ts';
import { sendToWebhook, signingKeysIn } from './webhook.ts';

interface NotifierOptions {
  inbox: Pick<NotifierPort, 'notify' | 'inbox'>;
  channels: ChannelStore;
  approvals: Pick<ApprovalStore, 'get' | 'putLink'>;
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
  const { inbox, channels, approvals, secrets, http, smtp, publicUrl, hash } = options;
  const sendMail = createMailer(smtp);
  const linkIn = createLinks(approvals, hash);

  const secretOf = async (scope: Scope, { id }: Channel) => {
    const values = (await secrets.read(channelSecretPath(scope, id)))?.values ?? {};
    const { url } = values;
    if (url === undefined)
      throw new Fault('not_found', 'The address of this channel is gone; remove it and add it again.');
    return { url, keys: signingKeysIn(values) };
  };

  const mail = async (scope: Scope, note: Note, message: Message): Promise<string> => {
    const addresses = await channels.addresses(scope, note);
    if (note.approvalId === undefined) return sendMail(addresses, message);
    // A token works once, so each person has a letter of their own.
    for (const address of addresses) {
      const url = `${publicUrl}${await linkIn(scope, note)}`;
      await sendMail([address], { ...message, id: hash(`${message.id}\n${address}`), url });
    }
    return addresses.length === 0 ? sendMail([], message) : `The mail server took it for ${addresses.length} people.`;
  };

  const send = async (scope: Scope, channel: Channel, note: Note): Promise<string> => {
    const { key, kind, subject, link } = note;
    const message = { id: hash(`${channel.id}\n${key}`), kind, subject, url: `${publicUrl}${link}` };
    switch (channel.kind) {
      case 'email':
        return mail(scope, note, message);
      case 'slack': {
        const { url } = await secretOf(scope, channel);
        return sendToSlack(http, url, { ...message, url: `${publicUrl}${await linkIn(scope, note)}` });
      }
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
