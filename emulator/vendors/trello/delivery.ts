import { createHmac } from 'node:crypto';
import type { Delivery, DeliveryAsk } from '../../records/control.ts';

const SUBJECT: Record<string, string> = { boards: 'Board', lists: 'List', cards: 'Card', actions: 'Card' };
const VERB = { create: 'create', update: 'update', delete: 'delete' } as const;

const typeOf = ({ collection, kind }: DeliveryAsk): string => {
  if (collection === 'actions') return kind === 'create' ? 'commentCard' : 'updateComment';
  if (collection === 'members') return kind === 'delete' ? 'removeMemberFromBoard' : 'addMemberToBoard';
  return `${VERB[kind]}${SUBJECT[collection] ?? 'Card'}`;
};

/** Signed with SHA-1 over the body and the address that was registered, to the letter. */
export function delivered(now: () => number, ask: DeliveryAsk): Delivery {
  const { secret, url, eventId, id, atMs = now() } = ask;
  const body = JSON.stringify({
    action: { id: eventId, type: typeOf(ask), date: new Date(atMs).toISOString(), data: { card: { id } } },
    model: { id: '6a26ebb3cd5f60a53a580001' },
    webhook: { id: '6a26f8efcd5f60a53a580001', active: true, consecutiveFailures: 0, callbackURL: url },
  });
  return {
    method: 'POST',
    query: '',
    headers: {
      'content-type': 'application/json',
      'x-trello-webhook': createHmac('sha1', secret)
        .update(body + url)
        .digest('base64'),
    },
    body,
  };
}

/** Before a webhook is made its address must answer a HEAD with 200. */
export const handshake = (): Delivery & { expects: string } => ({
  method: 'HEAD',
  query: '',
  headers: {},
  body: '',
  expects: '',
});
