import { createHmac } from 'node:crypto';
import { Fault } from '../../ports/errors.ts';
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

/** Signed as Standard Webhooks 1.0 says, so that its libraries verify it. */
export const signed = (secret: string, { id, at, body }: { id: string; at: Date; body: string }) => {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
};

/** To an endpoint of the tenant's own. */
export async function sendToWebhook(
  http: HttpClient,
  { url, key }: { url: string; key: string },
  { id, kind, subject, url: link }: Message,
): Promise<string> {
  const at = new Date();
  const body = JSON.stringify({ type: kind, timestamp: at.toISOString(), data: { subject, url: link } });
  await postJson(http, { who: 'The webhook', url, headers: signed(key, { id: `msg_${id}`, at, body }), body });
  return 'The webhook took the message.';
}
