import { createHmac } from 'node:crypto';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import type { Message } from './message.ts';
import { postJson } from './post.ts';

const KEY_BYTES_MIN = 24;

const keyOf = (secret: string): Buffer => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length >= KEY_BYTES_MIN) return key;
  throw new Fault(
    'invalid_request',
    'The signing key of this webhook is too short; remove the channel and add it again.',
  );
};

/**
 * The keys that a secret's values hold: the one in use, and while it is rotated also its successor (`next`) or its
 * predecessor (`previous`). A receiver that knows one of them takes the delivery.
 */
export const signingKeysIn = ({ key = '', next, previous }: SecretValues): string[] =>
  [key, next, previous].filter((each): each is string => each !== undefined);

/** Signed as Standard Webhooks 1.0 says, so that its libraries verify it: one signature for each key. */
export const signed = (secrets: string[], { id, at, body }: { id: string; at: Date; body: string }) => {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = (secret: string) =>
    `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': secrets.map(signature).join(' ') };
};

/** To an endpoint of the tenant's own. */
export async function sendToWebhook(
  http: HttpClient,
  { url, keys }: { url: string; keys: string[] },
  { id, kind, subject, url: link }: Message,
): Promise<string> {
  const at = new Date();
  const body = JSON.stringify({ type: kind, timestamp: at.toISOString(), data: { subject, url: link } });
  await postJson(http, { who: 'The webhook', url, headers: signed(keys, { id: `msg_${id}`, at, body }), body });
  return 'The webhook took the message.';
}
