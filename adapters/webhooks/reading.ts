import { createHash } from 'node:crypto';
import type { HookEvent, WebhookDelivery } from '../../ports/webhooks.ts';
import type { ReadEvent, Webhooks, Where } from '../connectors/webhooks.ts';

const EVENTS_MAX = 1000;
const TEXT_MAX = 255;
/** A number of seconds since 1970 stays below this one for three thousand years; of milliseconds it is in 1973. */
const SECONDS_MAX = 1e11;

export const headerOf = (headers: Record<string, string>, names: string | string[]): string | undefined =>
  [names]
    .flat()
    .map((name) => headers[name.toLowerCase()])
    .find((value) => value !== undefined);

/** The body as JSON; undefined when it is none. */
export const jsonOf = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
};

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .filter(Boolean)
    .reduce<unknown>(
      (inside, key) =>
        typeof inside === 'object' && inside !== null && Object.hasOwn(inside, key)
          ? (inside as Record<string, unknown>)[key]
          : undefined,
      value,
    );

/** Text or number at a path of a value; whatever else is there is no text. */
export const textAt = (value: unknown, path: string): string | undefined => {
  const found = at(value, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
};

/** As every store takes it. */
const clean = (text: string | undefined): string | null => {
  const kept = text?.replaceAll('\0', '').toWellFormed().slice(0, TEXT_MAX);
  return kept === undefined || kept === '' ? null : kept;
};

const isoOf = (given: string | number | undefined): string | null => {
  if (given === undefined || given === '') return null;
  const number = typeof given === 'number' || /^\d+(\.\d+)?$/.test(given) ? Number(given) : null;
  const ms = number === null ? Date.parse(String(given)) : number < SECONDS_MAX ? number * 1000 : number;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
};

const byPaths = (declared: Webhooks, headers: Record<string, string>, json: unknown): ReadEvent[] => {
  const { many, id, type, account, record, recordOf, at: when } = declared;
  const found = many === undefined ? json : at(json, many);
  const items = many === undefined ? [found] : Array.isArray(found) ? found : [];
  const textOf = (where: Where | undefined, item: unknown): string | undefined => {
    if (where === undefined) return undefined;
    return 'header' in where ? headerOf(headers, where.header) : textAt(item, where.at);
  };
  const optional = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });
  return items.map((item: unknown) => ({
    type: textOf(type, item) ?? '',
    ...optional('id', textOf(id, item)),
    ...optional('at', textOf(when, item)),
    ...optional('account', textOf(account?.from, item)),
    ...optional('record', recordOf?.(item, textOf(type, item) ?? '') ?? textOf(record, item)),
  }));
};

/**
 * The events of a delivery that is verified. One that cannot be read is still an event, of no type that we know: the vendor
 * did send it, and would send it again for days.
 */
export const eventsOf = (declared: Webhooks, { headers, body }: WebhookDelivery): HookEvent[] => {
  const json = jsonOf(body);
  const read = (): ReadEvent[] => (declared.read ? declared.read(json) : byPaths(declared, headers, json));
  let found: ReadEvent[];
  try {
    found = read().slice(0, EVENTS_MAX);
  } catch {
    found = [];
  }
  const hash = createHash('sha256').update(body).digest('hex');
  return (found.length === 0 ? [{ type: '' }] : found).map((event, place) => ({
    id: clean(event.id) ?? `${hash}/${place}`,
    type: clean(event.type) ?? 'unreadable',
    at: isoOf(event.at),
    account: clean(event.account),
    record: clean(event.record),
  }));
};
