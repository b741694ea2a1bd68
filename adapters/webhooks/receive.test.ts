import { describe, expect, test } from '@jest/globals';
import type { WebhookDelivery, WebhookReceived } from '../../ports/webhooks.ts';
import type { Webhooks } from '../connectors/webhooks.ts';
import { receive } from './receive.ts';

const NOW = 1_700_000_000_000;

const declared = (more: Partial<Webhooks>): Webhooks => ({
  signature: { scheme: 'hmac', header: 'X-Sig', algorithm: 'sha256', encoding: 'hex', signed: '{body}' },
  secret: 'endpoint',
  id: { at: 'id' },
  type: { at: 'type' },
  events: {},
  setUp: '',
  ...more,
});

interface Example {
  from: string;
  signature: Webhooks['signature'];
  secret: string;
  header: string;
  value: string;
  body: string;
  more?: Record<string, string>;
  url?: string;
  nowMs?: number;
}

const hmac = { scheme: 'hmac', algorithm: 'sha256' } as const;

/** Published by the vendors in their documents; where none is, made by another program by the documented rule. */
const EXAMPLES: Example[] = [
  {
    from: 'Slack’s documents',
    signature: {
      ...{ ...hmac, header: 'X-Slack-Signature', encoding: 'hex', prefix: 'v0=', signed: 'v0:{timestamp}:{body}' },
      timestamp: { header: 'X-Slack-Request-Timestamp', unit: 's', toleranceS: 300 },
    },
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    header: 'x-slack-signature',
    value: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    more: { 'x-slack-request-timestamp': '1531420618' },
    nowMs: 1_531_420_618_000,
  },
  {
    from: 'GitHub’s documents, whose scheme is Meta’s',
    signature: { ...hmac, header: 'X-Hub-Signature-256', encoding: 'hex', prefix: 'sha256=', signed: '{body}' },
    secret: "It's a Secret to Everybody",
    header: 'x-hub-signature-256',
    value: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    body: 'Hello, World!',
  },
  {
    from: 'Square’s documents',
    signature: { ...hmac, header: 'X-Square-HmacSha256-Signature', encoding: 'base64', signed: '{url}{body}' },
    secret: 'asdf1234',
    header: 'x-square-hmacsha256-signature',
    value: '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=',
    body: '{"hello":"world"}',
    url: 'https://example.com/webhook',
  },
  {
    from: 'Stripe’s rule',
    signature: { scheme: 'stripe', header: 'Stripe-Signature', toleranceS: 300 },
    secret: 'whsec_canary_of_a_test',
    header: 'stripe-signature',
    value: 't=1700000000,v1=c3a7149f50686f8ff86236afa1e72ef6736cd044c262390e0689f187136bec79',
    body: '{"id":"evt_1","type":"customer.updated","created":1700000000}',
  },
  {
    from: 'Shopify’s rule',
    signature: {
      ...hmac,
      header: ['shopify-hmac-sha256', 'X-Shopify-Hmac-Sha256'],
      encoding: 'base64',
      signed: '{body}',
    },
    secret: 'hush',
    header: 'x-shopify-hmac-sha256',
    value: 'D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8=',
    body: '{"id":820982911946154508,"email":"jon@example.com"}',
  },
  {
    from: 'Trello’s rule',
    signature: {
      ...{ scheme: 'hmac', header: 'x-trello-webhook', algorithm: 'sha1', encoding: 'base64', signed: '{body}{url}' },
    },
    secret: 'app-secret',
    header: 'x-trello-webhook',
    value: '5F+tfK+m1eZmdmz/zhhBAmknqqg=',
    body: '{"action":{"id":"1","type":"updateCard"}}',
    url: 'https://example.com/api/v1/hooks/trello/1',
  },
  {
    from: 'HubSpot’s rule',
    signature: {
      ...{ ...hmac, header: 'X-HubSpot-Signature-v3', encoding: 'base64', signed: '{method}{url}{body}{timestamp}' },
      timestamp: { header: 'X-HubSpot-Request-Timestamp', unit: 'ms', toleranceS: 300 },
    },
    secret: 'app-secret',
    header: 'x-hubspot-signature-v3',
    value: '5BYW5mr71EeUcXuDfZOr8VgXUEUzaF3LlGkKHP+VFq0=',
    body: '[{"eventId":1,"portalId":62515,"subscriptionType":"contact.creation","objectId":7}]',
    more: { 'x-hubspot-request-timestamp': '1700000000000' },
    url: 'https://example.com/hook',
  },
  {
    from: 'LinkedIn’s rule',
    signature: { ...hmac, header: 'X-LI-Signature', encoding: 'hex', signed: 'hmacsha256={body}' },
    secret: 'app-secret',
    header: 'x-li-signature',
    value: '614b252b4d5cf2b791df641e5b5369936caa4a1a3b1d028f89b9b75535f95ca3',
    body: '{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"}',
  },
  {
    from: 'Zoho’s rule, where the token comes back',
    signature: { scheme: 'echo', at: 'token' },
    secret: 'channel-token-1',
    header: 'x-none',
    value: '',
    body: '{"module":"Contacts","token":"channel-token-1"}',
  },
];

const deliveryOf = ({
  header,
  value,
  body,
  more = {},
  url = 'https://example.com/hook',
}: Example): WebhookDelivery => ({
  method: 'POST',
  url,
  headers: { ...more, ...(value === '' ? {} : { [header]: value }) },
  query: {},
  body: Buffer.from(body),
});

const judge = (
  { signature, secret, nowMs = NOW }: Example,
  delivery: WebhookDelivery,
  { secrets = [secret], at = nowMs } = {},
): WebhookReceived => receive(declared({ signature }), delivery, { secrets, verifyToken: '', nowMs: at });

const refused = expect.objectContaining({ code: 'unauthenticated' });
const outcome = (act: () => WebhookReceived): unknown => {
  try {
    return act().kind;
  } catch (error) {
    return error;
  }
};

describe.each(EXAMPLES)('the example of $from', (example) => {
  test('is taken, and with another secret it is not', () => {
    const good = deliveryOf(example);
    expect(judge(example, good).kind).toBe('events');
    expect(judge(example, good, { secrets: ['another', example.secret] }).kind).toBe('events');
    for (const secrets of [['another'], [''], []])
      expect(outcome(() => judge(example, good, { secrets }))).toEqual(refused);
  });
});

describe.each(EXAMPLES.filter(({ value }) => value !== ''))('what is changed of the example of $from', (example) => {
  const good = deliveryOf(example);

  test('C34: a signature that is missing, cut short, longer, or wrong at any one character is refused', () => {
    const { header, value } = example;
    const wrong = [undefined, '', value.slice(0, -1), `${value}0`];
    const changed = [...value].map(
      (char, place) => `${value.slice(0, place)}${char === 'A' ? 'B' : 'A'}${value.slice(place + 1)}`,
    );
    for (const other of [...wrong, ...changed]) {
      const headers = { ...example.more, ...(other === undefined ? {} : { [header]: other }) };
      const delivery = { ...good, headers };
      expect([other, outcome(() => judge(example, delivery))]).toEqual([other, refused]);
    }
  });

  test('C41: the bytes are judged as they came: a line end, a space, another order or a repeated key is another body', () => {
    const { body } = example;
    const others = [`${body}\r\n`, ` ${body}`, body.replace(':', ': '), `${body}${body}`, body.replace('e', 'é')];
    for (const other of others.filter((text) => text !== body)) {
      const delivery = { ...good, body: Buffer.from(other) };
      expect([other, outcome(() => judge(example, delivery))]).toEqual([other, refused]);
    }
  });
});

test('C34: a token that should come back and does not, or not whole, is refused', () => {
  const zoho = EXAMPLES.find(({ from }) => from.startsWith('Zoho')) as Example;
  const tokens = ['channel-token-', 'channel-token-12', 'Channel-token-1', '', null, {}, ['channel-token-1']];
  for (const body of ['{}', 'no json', ...tokens.map((token) => JSON.stringify({ token }))]) {
    expect([body, outcome(() => judge(zoho, deliveryOf({ ...zoho, body })))]).toEqual([body, refused]);
  }
});

test('C41: bytes that are no text are judged as they are', () => {
  const signature = { ...hmac, header: 'x-sig', encoding: 'hex', signed: '{body}' } as const;
  const body = Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a]);
  const value = 'da1c4b22bdb5b416da7fc7c088c13301093ddeb89e7c1187d65523c098362afb';
  const given = { method: 'POST', url: '', headers: { 'x-sig': value }, query: {}, body };
  const taken = receive(declared({ signature }), given, { secrets: ['k'], verifyToken: '', nowMs: NOW });
  expect(taken).toMatchObject({ kind: 'events', events: [{ type: 'unreadable' }], kept: { body } });
});

describe('C36: the time that is signed', () => {
  const timed = EXAMPLES.filter(({ from }) => /Slack|Stripe|HubSpot/.test(from));

  test.each(timed)('of $from counts for five minutes before and after, and not a second longer', (example) => {
    const { nowMs = NOW } = example;
    for (const [offset, taken] of [
      [0, true],
      [299_000, true],
      [300_000, true],
      [300_001, false],
      [-300_000, true],
      [-300_001, false],
      [86_400_000, false],
    ] as const) {
      const found = outcome(() => judge(example, deliveryOf(example), { at: nowMs + offset }));
      expect([offset, found]).toEqual([offset, taken ? 'events' : refused]);
    }
  });

  test('is refused when it is missing or is no time', () => {
    const [slack] = EXAMPLES as [Example];
    for (const time of ['', 'now', '1e99', '-1531420618', '1531420618.0', ' 1531420618']) {
      const more = { 'x-slack-request-timestamp': time };
      expect([time, outcome(() => judge(slack, deliveryOf({ ...slack, more })))]).toEqual([time, refused]);
    }
  });
});

test('C40: while Stripe’s secret is rolled any of several values fits, and a value of another scheme none', () => {
  const stripe = EXAMPLES.find(({ from }) => from.startsWith('Stripe')) as Example;
  const [, right = ''] = stripe.value.split('v1=');
  const one = { ...stripe, value: `t=1700000000,v1=${'0'.repeat(64)},v1=${right},v0=${'1'.repeat(64)}` };
  expect(judge(stripe, deliveryOf(one)).kind).toBe('events');
  expect(outcome(() => judge(stripe, deliveryOf({ ...stripe, value: `t=1700000000,v0=${right}` })))).toEqual(refused);
});

test('blotting out ends, whatever the secret is', () => {
  const zoho = EXAMPLES.find(({ from }) => from.startsWith('Zoho')) as Example;
  const stars = { ...zoho, secret: '********', body: '{"token":"********","other":"*********"}' };
  expect(judge(stars, deliveryOf(stars)).kind).toBe('events');
});

test('a secret that comes back in the body is blotted out of what is kept, and logins of others are not kept', () => {
  const zoho = EXAMPLES.find(({ from }) => from.startsWith('Zoho')) as Example;
  const given = deliveryOf({ ...zoho, more: { authorization: 'Bearer canary', cookie: 'canary', 'x-kind': 'a' } });
  const taken = judge(zoho, given);
  if (taken.kind !== 'events') throw new Error('not taken');
  expect(Buffer.from(taken.kept.body).toString()).toBe('{"module":"Contacts","token":"***************"}');
  expect(taken.kept.headers).toEqual({ 'x-kind': 'a' });
});

describe('C44: handshakes', () => {
  const proofs = { secrets: ['app-secret'], verifyToken: 'our-token', nowMs: NOW };
  const none = new Uint8Array();
  const asked = (method: string, query: Record<string, string> = {}): WebhookDelivery => ({
    ...{ method, url: '', headers: {}, query, body: none },
  });
  const meta = (more: Record<string, string> = {}) =>
    asked('GET', {
      ...{ 'hub.mode': 'subscribe', 'hub.verify_token': 'our-token', 'hub.challenge': '1158201444', ...more },
    });

  test('Meta’s challenge is sent back as it is to who knows the token, and to nobody else', () => {
    const hooks = declared({ handshake: 'meta' });
    expect(receive(hooks, meta(), proofs)).toEqual({
      ...{ kind: 'answer', status: 200, type: 'text/plain', body: '1158201444' },
    });
    for (const token of ['', 'our-toke', 'our-token ', 'OUR-TOKEN']) {
      expect(receive(hooks, meta({ 'hub.verify_token': token }), proofs)).toMatchObject({ status: 403, body: '' });
    }
    expect(receive(hooks, meta({ 'hub.verify_token': '' }), { ...proofs, verifyToken: '' })).toMatchObject({
      status: 403,
    });
  });

  test.each(['<script>alert(1)</script>', 'x'.repeat(300), 'a b', 'a\r\nSet-Cookie: b=c', ''])(
    'what is no challenge is not sent back: %j',
    (challenge) => {
      const invalid = expect.objectContaining({ code: 'invalid_request' });
      const linkedin = declared({ handshake: 'linkedin' });
      expect(
        outcome(() => receive(declared({ handshake: 'meta' }), meta({ 'hub.challenge': challenge }), proofs)),
      ).toEqual(invalid);
      expect(outcome(() => receive(linkedin, asked('GET', { challengeCode: challenge }), proofs))).toEqual(invalid);
    },
  );

  test('LinkedIn’s code is answered with its HMAC', () => {
    const challengeCode = '890e4665-4dfe-4ab1-b689-ed553bceeed0';
    const answer = receive(declared({ handshake: 'linkedin' }), asked('GET', { challengeCode }), proofs);
    const challengeResponse = 'c19cc7ab3a01fde79436b5d67548bd7e6320bd365cfb63a8ffa40f6d587cac33';
    expect(answer).toMatchObject({
      type: 'application/json',
      body: JSON.stringify({ challengeCode, challengeResponse }),
    });
  });

  test('Slack’s is signed like everything of theirs', () => {
    const [slack] = EXAMPLES as [Example];
    const hooks = declared({ handshake: 'slack', signature: slack.signature });
    const body = Buffer.from(
      '{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}',
    );
    const sign = (value: string): WebhookDelivery => ({
      ...{ method: 'POST', url: '', query: {}, body },
      headers: { 'x-slack-signature': value, 'x-slack-request-timestamp': '1700000000' },
    });
    expect(
      receive(hooks, sign('v0=210eb32baa6c0ae5a94f60916e8381250304569483034f8efbd916cdc3b0f6b7'), proofs),
    ).toMatchObject({
      ...{ status: 200, type: 'text/plain', body: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' },
    });
    expect(outcome(() => receive(hooks, sign('v0=00'), proofs))).toEqual(refused);
  });

  test('Trello’s HEAD and WooCommerce’s unsigned ping are answered, and say nothing', () => {
    const empty = { kind: 'answer', status: 200, type: 'text/plain', body: '' };
    expect(receive(declared({ handshake: 'head' }), asked('HEAD'), proofs)).toEqual(empty);
    const hooks = declared({ handshake: 'ping' });
    const ping = (body: string, type = 'application/x-www-form-urlencoded'): WebhookDelivery => ({
      ...{ ...asked('POST'), body: Buffer.from(body), headers: { 'content-type': type } },
    });
    expect(receive(hooks, ping('webhook_id=123'), proofs)).toEqual(empty);
    for (const other of [ping('webhook_id=1&x=2'), ping('webhook_id=1', 'application/json'), ping('webhook_id=')]) {
      expect(outcome(() => receive(hooks, other, proofs))).toEqual(refused);
    }
  });

  test('a vendor that asks nothing first is answered as if there were nothing', () => {
    const nothing = expect.objectContaining({ code: 'not_found' });
    for (const method of ['GET', 'HEAD'])
      expect(outcome(() => receive(declared({}), asked(method), proofs))).toEqual(nothing);
  });
});

describe('what is read of an event', () => {
  const read = (hooks: Partial<Webhooks>, body: unknown, headers: Record<string, string> = {}) => {
    const signature = { scheme: 'echo', header: 'x-echo' } as const;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const delivery = {
      method: 'POST',
      url: '',
      query: {},
      headers: { ...headers, 'x-echo': 's' },
      body: Buffer.from(text),
    };
    const taken = receive(declared({ ...hooks, signature }), delivery, { secrets: ['s'], verifyToken: '', nowMs: NOW });
    return taken.kind === 'events' ? taken.events : [];
  };

  test('each one of a batch, with its own id, account, record and time', () => {
    const batch = [
      {
        eventId: 100,
        subscriptionType: 'contact.creation',
        portalId: 62515,
        objectId: 7,
        occurredAt: 1_700_000_000_000,
      },
      {
        eventId: 101,
        subscriptionType: 'contact.deletion',
        portalId: 62516,
        objectId: 8,
        occurredAt: 1_700_000_001_000,
      },
    ];
    const hooks: Partial<Webhooks> = {
      ...{ many: '', id: { at: 'eventId' }, type: { at: 'subscriptionType' }, at: { at: 'occurredAt' } },
      ...{ record: { at: 'objectId' }, account: { from: { at: 'portalId' }, setting: 'accountId' } },
    };
    expect(read(hooks, batch)).toEqual([
      { id: '100', type: 'contact.creation', account: '62515', record: '7', at: '2023-11-14T22:13:20.000Z' },
      { id: '101', type: 'contact.deletion', account: '62516', record: '8', at: '2023-11-14T22:13:21.000Z' },
    ]);
  });

  test('seconds and ISO 8601 are times as well, and whatever else is none', () => {
    const at = (value: unknown) => read({ at: { at: 'at' } }, { id: '1', type: 't', at: value })[0]?.at;
    expect(at(1_700_000_000)).toBe('2023-11-14T22:13:20.000Z');
    expect(at('2023-11-14T22:13:20Z')).toBe('2023-11-14T22:13:20.000Z');
    expect([at('soon'), at(null), at(1e30), at({})]).toEqual([null, null, null, null]);
  });

  test('headers name type and id, the first name that is there', () => {
    const hooks: Partial<Webhooks> = { id: { header: ['event-id', 'X-Event-Id'] }, type: { header: 'X-Topic' } };
    const [event] = read(hooks, {}, { 'x-event-id': 'e', 'x-topic': 'orders/create' });
    expect(event).toMatchObject({ id: 'e', type: 'orders/create' });
  });

  test('without an id of theirs the same bytes are the same event, and other bytes another', () => {
    const id = (body: string) => read({ id: { at: 'none' } }, body)[0]?.id;
    expect(id('{"type":"a"}')).toBe(id('{"type":"a"}'));
    expect(id('{"type":"a"}')).not.toBe(id('{"type":"a" }'));
  });

  test('a body that cannot be read is an event of no known type, so that the vendor does not send it for days', () => {
    for (const body of ['', 'not json', '[]', 'null', '"text"', '{"type":{}}']) {
      expect(read({ many: 'list' }, body)).toMatchObject([{ type: 'unreadable' }]);
    }
    const throwing = {
      read: () => {
        throw new Error('a bug of ours');
      },
    };
    expect(read(throwing, {})).toMatchObject([{ type: 'unreadable' }]);
  });

  test('no text of theirs breaks a store: NUL, halves of surrogate pairs and endless ones', () => {
    const [event] = read({}, `{"id":"a\\u0000b\\ud800","type":"${'t'.repeat(5000)}"}`);
    expect(event?.id).toBe('ab\uFFFD');
    expect(event?.type).toHaveLength(255);
  });

  test('names of Object’s own are no paths', () => {
    expect(read({ id: { at: 'constructor.name' }, type: { at: '__proto__.x' } }, {})).toMatchObject([
      { type: 'unreadable' },
    ]);
  });
});
