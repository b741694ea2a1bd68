import { createHmac } from 'node:crypto';
import type { Delivery, DeliveryAsk } from '../../records/control.ts';

const hex = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

/** What people did on a page, in batches. The scheme's name is part of what is signed, and not of the header. */
export const deliveryOf =
  (now: () => number) =>
  ({ collection, id, kind, secret, eventId, atMs = now() }: DeliveryAsk): Delivery => {
    const onComment = { create: 'COMMENT', update: 'COMMENT_EDIT', delete: 'COMMENT_DELETE' }[kind];
    const action = collection === 'comments' ? onComment : 'SHARE';
    const about = { organizationalEntity: 'urn:li:organization:40213377', sourcePost: id };
    const notifications = [{ notificationId: eventId, action, ...about, lastModifiedAt: atMs }];
    const body = JSON.stringify({ type: 'ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS', notifications });
    const headers = { 'content-type': 'application/json', 'x-li-signature': hex(secret, `hmacsha256=${body}`) };
    return { method: 'POST', query: '', headers, body };
  };

export const handshakeOf = ({ secret }: { secret: string }): Delivery & { expects: string } => {
  const challengeCode = '890e4665-4dfe-4ab1-b689-ed553bceeed0';
  const expects = JSON.stringify({ challengeCode, challengeResponse: hex(secret, challengeCode) });
  return { method: 'GET', query: `?challengeCode=${challengeCode}`, headers: {}, body: '', expects };
};
