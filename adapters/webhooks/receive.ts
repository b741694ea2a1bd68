import { Fault } from '../../ports/errors.ts';
import type { WebhookDelivery, WebhookReceived } from '../../ports/webhooks.ts';
import type { Webhooks } from '../connectors/webhooks.ts';
import { answerAsked, answerSigned, isPing, pong } from './handshakes.ts';
import type { Proofs } from './handshakes.ts';
import { eventsOf } from './reading.ts';
import { echoed, isSigned } from './signatures.ts';

/** Logins of others than vendors, if a proxy adds any. */
const NEVER_KEPT = ['authorization', 'cookie'];

const blotted = (body: Uint8Array, secret: string): Buffer => {
  const bytes = Buffer.from(body);
  const { length } = Buffer.from(secret);
  for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + length)) {
    bytes.fill('*', at, at + length);
  }
  return bytes;
};

/** What is kept of a delivery. Where the secret itself came back it is blotted out: a secret lies in the secret store alone. */
const keptOf = ({ signature }: Webhooks, { headers, body }: WebhookDelivery) => {
  const echo = signature.scheme === 'echo' ? signature : null;
  const names = [...NEVER_KEPT, echo?.header?.toLowerCase()];
  const secret = echo === null ? undefined : echoed(echo, { headers, body });
  return {
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))),
    body: secret === undefined ? body : blotted(body, secret),
  };
};

/**
 * One request to an endpoint: judged over its raw bytes first, read only then. Faults: `unauthenticated`, `not_found`,
 * `invalid_request`.
 */
export const receive = (
  declared: Webhooks,
  delivery: WebhookDelivery,
  { nowMs, ...proofs }: Proofs & { nowMs: number },
): WebhookReceived => {
  const { handshake, signature } = declared;
  if (delivery.method !== 'POST') return answerAsked(handshake, delivery, proofs);
  if (isPing(handshake, delivery)) return pong();
  if (!isSigned(signature, delivery, proofs.secrets, nowMs)) {
    throw new Fault(
      'unauthenticated',
      'The signature does not fit what was sent, or the time that it names is not now.',
    );
  }
  const answered = answerSigned(handshake, delivery);
  return answered ?? { kind: 'events', events: eventsOf(declared, delivery), kept: keptOf(declared, delivery) };
};
