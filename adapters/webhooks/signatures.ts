import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookDelivery } from '../../ports/webhooks.ts';
import type { WebhookSignature } from '../connectors/webhooks.ts';
import { headerOf, jsonOf, textAt } from './reading.ts';

type Hmac = Extract<WebhookSignature, { scheme: 'hmac' }>;
type Echo = Extract<WebhookSignature, { scheme: 'echo' }>;

/** Takes as long for a wrong value as for the right one. Lengths are no secret: each scheme has one. */
const same = (given: Buffer, wanted: Buffer): boolean =>
  given.length === wanted.length && timingSafeEqual(given, wanted);

/** Whether one of them fits; all are asked, so that time does not say which. */
const anyOf = <Item>(items: Item[], fits: (item: Item) => boolean): boolean =>
  items.map(fits).reduce((found, fit) => found || fit, false);

const sameText = (given: string, wanted: string): boolean => same(Buffer.from(given), Buffer.from(wanted));

const TIME_MS = {
  s: (value: string) => (/^\d{1,12}$/.test(value) ? Number(value) * 1000 : Number.NaN),
  ms: (value: string) => (/^\d{1,15}$/.test(value) ? Number(value) : Number.NaN),
  iso: (value: string) => Date.parse(value),
};

/** Of the past or of the future alike: a clock that is far off proves nothing. What is no time is never recent. */
const isRecent = (atMs: number, toleranceS: number, nowMs: number): boolean =>
  Math.abs(nowMs - atMs) <= toleranceS * 1000;

/** What is signed, as bytes: the body is never turned into text, which could change it. */
const signedBytes = (template: string, { method, url, body }: WebhookDelivery, timestamp: string): Buffer => {
  const texts: Record<string, string> = { timestamp, method, url };
  const parts = template.split(/\{(\w+)\}/);
  return Buffer.concat(
    parts.map((part, place) => {
      if (place % 2 === 0) return Buffer.from(part);
      return part === 'body' ? body : Buffer.from(texts[part] ?? '');
    }),
  );
};

const hmacFits = (rule: Hmac, delivery: WebhookDelivery, secrets: string[], nowMs: number): boolean => {
  const { algorithm, encoding, signed, prefix = '', timestamp } = rule;
  const given = headerOf(delivery.headers, rule.header) ?? '';
  if (given === '' || !given.startsWith(prefix)) return false;
  const time = timestamp === undefined ? '' : (headerOf(delivery.headers, timestamp.header) ?? '');
  if (timestamp && !isRecent(TIME_MS[timestamp.unit](time), timestamp.toleranceS, nowMs)) return false;
  const bytes = signedBytes(signed, delivery, time);
  const value = given.slice(prefix.length);
  return anyOf(secrets, (secret) => sameText(value, createHmac(algorithm, secret).update(bytes).digest(encoding)));
};

const stripeFits = (
  { header, toleranceS }: Extract<WebhookSignature, { scheme: 'stripe' }>,
  delivery: WebhookDelivery,
  secrets: string[],
  nowMs: number,
): boolean => {
  const pairs = (headerOf(delivery.headers, header) ?? '').split(',').map((pair) => pair.trim().split('='));
  const valuesOf = (name: string) => pairs.flatMap(([key, value = '']) => (key === name ? [value] : []));
  const [time = ''] = valuesOf('t');
  if (!isRecent(TIME_MS.s(time), toleranceS, nowMs)) return false;
  const bytes = signedBytes('{timestamp}.{body}', delivery, time);
  const wanted = secrets.map((secret) => createHmac('sha256', secret).update(bytes).digest('hex'));
  // While a secret is rolled there are several values; schemes other than v1 are not looked at.
  return anyOf(valuesOf('v1').slice(0, 10), (value) => anyOf(wanted, (one) => sameText(value, one)));
};

/** The secret that came back, where it is. It is read out of JSON that nobody vouches for yet, and nothing else of it is. */
export const echoed = ({ at, header }: Echo, { headers, body }: Pick<WebhookDelivery, 'headers' | 'body'>) =>
  (header === undefined ? undefined : headerOf(headers, header)) ??
  (at === undefined ? undefined : textAt(jsonOf(body), at));

/** Whether one of the secrets proves this delivery; without a secret nothing does. */
export const isSigned = (
  rule: WebhookSignature,
  delivery: WebhookDelivery,
  given: string[],
  nowMs: number,
): boolean => {
  const secrets = given.filter((secret) => secret !== '');
  switch (rule.scheme) {
    case 'hmac':
      return hmacFits(rule, delivery, secrets, nowMs);
    case 'stripe':
      return stripeFits(rule, delivery, secrets, nowMs);
    case 'echo': {
      const back = echoed(rule, delivery);
      return back !== undefined && anyOf(secrets, (secret) => sameText(back, secret));
    }
  }
};
