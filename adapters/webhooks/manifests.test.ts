import { expect, test } from '@jest/globals';
import { manifests } from '../connectors/index.ts';
import type { Webhooks } from '../connectors/webhooks.ts';

const declared = Object.entries(manifests).flatMap(([id, { webhooks, streams }]) =>
  webhooks ? [{ id, webhooks, streams: Object.keys(streams) }] : [],
);

const means = (type: string) => (name: string) =>
  name.endsWith('*') ? type.startsWith(name.slice(0, -1)) : name === type;

/** What every declaration must say so that its events can be told apart, and followed. */
const gaps = ({
  signature,
  type,
  read,
  record,
  recordOf,
  deletes = [],
  ends = [],
  events,
  setUp,
}: Webhooks): string[] => {
  const known = Object.keys(events);
  const unknown = [...deletes, ...ends].filter((one) => !known.some(means(one)));
  const silent = deletes.filter((one) => !known.filter(means(one)).some((name) => (events[name] ?? []).length > 0));
  return [
    ...(type || read ? [] : ['nothing says of what type an event is']),
    ...(deletes.length > 0 && !record && !recordOf && !read ? ['nothing says which record a delete is about'] : []),
    ...unknown.map((one) => `${one} is not among its events`),
    ...silent.map((one) => `${one} deletes from no stream`),
    ...(signature.scheme === 'hmac' && !signature.signed.includes('{body}') ? ['the body is not signed'] : []),
    ...(setUp === '' ? ['nobody is told what to do at the vendor'] : []),
  ];
};

test.each(declared)('$id: every event leads to streams that there are, and every delete to a record', (given) => {
  const { webhooks, streams } = given;
  expect(gaps(webhooks)).toEqual([]);
  const named = [...new Set(Object.values(webhooks.events).flat())];
  expect(named.filter((stream) => !streams.includes(stream))).toEqual([]);
});
