import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../ports/errors.ts';
import type { WebhookDelivery, WebhookReceived } from '../../ports/webhooks.ts';
import type { WebhookHandshake } from '../connectors/webhooks.ts';
import { headerOf, jsonOf, textAt } from './reading.ts';

/** What vendors choose as a challenge. Nothing else is sent back, so that this URL reflects no text of anybody's. */
const CHALLENGE = /^[\w.~+/=:-]{1,256}$/;
const PING = /^webhook_id=\d{1,20}$/;

type Answer = Extract<WebhookReceived, { kind: 'answer' }>;

const answer = (body: string, type: Answer['type'] = 'text/plain', status: Answer['status'] = 200): Answer => ({
  kind: 'answer',
  status,
  type,
  body,
});

const challengeIn = (given: string | undefined): string => {
  if (given !== undefined && CHALLENGE.test(given)) return given;
  throw new Fault('invalid_request', 'This handshake has no challenge that could be sent back.');
};

const sameToken = (given: string, wanted: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return wanted !== '' && one.length === other.length && timingSafeEqual(one, other);
};

export interface Proofs {
  /** Any of them may have signed; the first is the one in use. */
  secrets: string[];
  verifyToken: string;
}

/** `HEAD` and `GET` before events come. Throws `not_found` where the vendor asks no such thing. */
export const answerAsked = (
  handshake: WebhookHandshake | undefined,
  { method, query }: WebhookDelivery,
  { secrets, verifyToken }: Proofs,
): Answer => {
  if (method === 'HEAD' && handshake === 'head') return answer('');
  if (method === 'GET' && handshake === 'meta' && query['hub.mode'] === 'subscribe') {
    const isOurs = sameToken(query['hub.verify_token'] ?? '', verifyToken);
    return isOurs ? answer(challengeIn(query['hub.challenge'])) : answer('', 'text/plain', 403);
  }
  const [secret] = secrets;
  if (method === 'GET' && handshake === 'linkedin' && secret !== undefined) {
    const challengeCode = challengeIn(query['challengeCode']);
    const challengeResponse = createHmac('sha256', secret).update(challengeCode).digest('hex');
    return answer(JSON.stringify({ challengeCode, challengeResponse }), 'application/json');
  }
  throw new Fault('not_found', 'There is nothing here.');
};

/** A ping that comes by POST without a signature, and says nothing. */
export const isPing = (handshake: WebhookHandshake | undefined, { headers, body }: WebhookDelivery): boolean =>
  handshake === 'ping' &&
  (headerOf(headers, 'content-type') ?? '').startsWith('application/x-www-form-urlencoded') &&
  PING.test(Buffer.from(body.subarray(0, 64)).toString()) &&
  body.length < 64;

export const pong = (): Answer => answer('');

/** A question among the signed deliveries; null: it is none. */
export const answerSigned = (handshake: WebhookHandshake | undefined, { body }: WebhookDelivery): Answer | null => {
  if (handshake !== 'slack') return null;
  const json = jsonOf(body);
  return textAt(json, 'type') === 'url_verification' ? answer(challengeIn(textAt(json, 'challenge'))) : null;
};
