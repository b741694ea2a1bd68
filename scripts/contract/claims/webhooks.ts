import { randomUUID } from 'node:crypto';
import { manifests } from '../../../adapters/connectors/index.ts';
import { receive } from '../../../adapters/webhooks/receive.ts';
import type { Delivery, DeliveryAsk } from '../../../emulator/records/control.ts';
import { isFault } from '../../../ports/errors.ts';
import type { WebhookReceived } from '../../../ports/webhooks.ts';
import type { Claim, Subject } from '../claim.ts';
import { expect, same } from '../claim.ts';
import { collectionOf } from '../scan.ts';

const URL_OF_OURS = 'https://us.example/api/v1/hooks/vendor/endpoint';
const SECRET = 'whsec_of_this_endpoint';
const VERIFY_TOKEN = 'token-that-we-chose';
/** Beyond the window of every vendor that signs a time. */
const LONG_AGO_MS = 3_600_000;

const declared = ({ given }: Pick<Subject, 'given'>) => manifests[given.connector]?.webhooks;
const recordsOf = ({ ground, given }: Subject) => ground.emulator.control.records(given.vendor);

function sent(subject: Subject, more: Partial<DeliveryAsk> = {}): Delivery {
  const { webhook } = subject.given;
  const { delivery } = recordsOf(subject);
  expect(webhook !== undefined && delivery !== undefined, 'its case, or the emulator, sends no webhook');
  const of = { collection: webhook.collection };
  const id = collectionOf({ ...subject, of }).ids()[0] ?? '';
  const ask = { ...of, id, kind: webhook.kind, secret: SECRET, url: URL_OF_OURS, eventId: randomUUID() };
  return delivery({ ...ask, ...more });
}

const taken = (subject: Subject, { method, query, headers, body }: Delivery, secrets = [SECRET]): WebhookReceived => {
  const webhooks = declared(subject);
  expect(webhooks !== undefined, 'it declares no webhooks');
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return receive(
    webhooks,
    {
      method,
      url: URL_OF_OURS,
      headers: Object.fromEntries(lower) as Record<string, string>,
      query: Object.fromEntries(new URLSearchParams(query)),
      body: Buffer.from(body),
    },
    { secrets, verifyToken: VERIFY_TOKEN, nowMs: Date.now() },
  );
};

const events = (received: WebhookReceived) => (received.kind === 'events' ? received.events : []);

const refused = (work: () => unknown): boolean => {
  try {
    work();
    return false;
  } catch (error) {
    return isFault(error, 'unauthenticated');
  }
};

export const webhookClaims: Claim[] = [
  {
    id: 'webhooks',
    title: 'a genuine event is read, and a forged, altered, old or replayed one is not taken for a new one',
    per: 'connector',
    applies: (subject) => (declared(subject) === undefined ? 'it sends none' : null),
    async check(subject) {
      const { given } = subject;
      const webhooks = declared(subject);
      const eventId = randomUUID();
      const genuine = sent(subject, { eventId });
      const [event, ...more] = events(taken(subject, genuine));
      expect(event !== undefined && more.length === 0, `${more.length + (event ? 1 : 0)} events are read of one`);
      const meant = Object.entries(webhooks?.events ?? {}).find(([type]) =>
        type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : type === event.type,
      );
      same(meant?.[1] ?? [], given.webhook?.streams ?? [], `the streams of ${event.type}`);

      const [again] = events(taken(subject, sent(subject, { eventId })));
      expect(again?.id === event.id, 'a second delivery of one event has another id');
      expect(
        refused(() => taken(subject, genuine, ['another secret'])),
        'an event that another secret signed was taken',
      );
      if (webhooks?.signature.scheme !== 'echo') {
        expect(
          refused(() =>
            taken(subject, { ...genuine, body: genuine.body.replace(/[a-z]/, (letter) => letter.toUpperCase()) }),
          ),
          'an altered event was taken',
        );
      }
      const timed =
        webhooks?.signature.scheme === 'stripe' ||
        (webhooks?.signature.scheme === 'hmac' && webhooks.signature.timestamp !== undefined);
      if (timed) {
        const old = sent(subject, { atMs: Date.now() - LONG_AGO_MS });
        expect(
          refused(() => taken(subject, old)),
          'an event of an hour ago was taken',
        );
      }
    },
  },
  {
    id: 'handshake',
    title: 'what the vendor asks before it sends events is answered as it wants',
    per: 'connector',
    applies: (subject) => (recordsOf(subject as Subject).handshake === undefined ? 'the vendor asks nothing' : null),
    async check(subject) {
      const asked = recordsOf(subject).handshake?.({ secret: SECRET, url: URL_OF_OURS, verifyToken: VERIFY_TOKEN });
      expect(asked !== undefined, 'the emulator asks nothing');
      const received = taken(subject, asked);
      expect(received.kind === 'answer', 'it was taken for an event');
      expect(received.body === asked.expects, `${received.body.slice(0, 80)} was answered, not ${asked.expects}`);
    },
  },
];
