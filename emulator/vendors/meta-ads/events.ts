import { createHmac } from 'node:crypto';
import type { Delivery, DeliveryAsk } from '../../records/control.ts';

/** Meta writes what is not ASCII with escapes, and signs the bytes as they go out. */
const escaped = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const deliveryOf =
  (now: () => number) =>
  ({ id, kind, secret, eventId, atMs = now() }: DeliveryAsk): Delivery => {
    const field = kind === 'delete' ? 'with_issues_ad_objects' : 'in_process_ad_objects';
    const value = { id, level: 'CAMPAIGN', status_name: `für ${eventId}` };
    const entry = [{ id: '904417720013355', time: Math.floor(atMs / 1000), changes: [{ field, value }] }];
    const body = escaped(JSON.stringify({ object: 'ad_account', entry }));
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature };
    return { method: 'POST', query: '', headers, body };
  };

export const handshakeOf = ({ verifyToken }: { verifyToken: string }): Delivery & { expects: string } => {
  const challenge = '1158201444';
  const query = new URLSearchParams({
    'hub.mode': 'subscribe',
    'hub.challenge': challenge,
    'hub.verify_token': verifyToken,
  });
  return { method: 'GET', query: `?${query.toString()}`, headers: {}, body: '', expects: challenge };
};
