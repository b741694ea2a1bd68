import { createHmac } from 'node:crypto';
import type { Delivery, DeliveryAsk } from '../../records/control.ts';
import { shownChannel, shownMessage, shownUser, type Workspace } from './workspace.ts';

const signed = (value: unknown, secret: string, atMs: number): Delivery => {
  const t = String(Math.floor(atMs / 1000));
  const body = JSON.stringify(value);
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${t}:${body}`).digest('hex')}`;
  const proof = { 'x-slack-request-timestamp': t, 'x-slack-signature': signature };
  return { method: 'POST', query: '', headers: { 'content-type': 'application/json', ...proof }, body };
};

/** Slack tells of what happened in the workspace at the one URL of the app. */
export const deliveryOf =
  (work: Workspace, team: string, now: () => number) =>
  ({ collection, id, kind, secret, eventId, atMs = now() }: DeliveryAsk): Delivery => {
    const [channel, user, message] = [work.channels.get(id), work.users.get(id), work.messages.get(id)];
    const happened: Record<string, Record<string, unknown>> = {
      channels: {
        type: kind === 'create' ? 'channel_created' : 'channel_rename',
        channel: channel && shownChannel(channel),
      },
      users: { type: kind === 'create' ? 'team_join' : 'user_change', user: user && shownUser(user) },
      messages: {
        ...(message && shownMessage(message)),
        type: 'message',
        channel: id.split(':')[0],
        channel_type: 'channel',
      },
    };
    const event = happened[collection] ?? { type: 'app_uninstalled' };
    const envelope = {
      ...{
        token: 'emulated',
        team_id: team,
        api_app_id: 'A012EMULATED',
        event,
        type: 'event_callback',
        event_id: eventId,
      },
      event_time: Math.floor(atMs / 1000),
      authorizations: [{ enterprise_id: null, team_id: team, user_id: 'U0KRQLJ9H', is_bot: true }],
    };
    return signed(envelope, secret, atMs);
  };

/** Before the first event the URL must give the challenge back. It is signed as well. */
export const handshakeOf =
  (now: () => number) =>
  ({ secret }: { secret: string }): Delivery & { expects: string } => {
    const challenge = '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P';
    return { ...signed({ token: 'emulated', challenge, type: 'url_verification' }, secret, now()), expects: challenge };
  };
