import { z } from 'zod';
import { clean } from './plain-text.ts';

/** Text as it was typed; what is absent, null or empty is null. */
export const text = z
  .string()
  .nullish()
  .transform((value) => (value ? clean(value) || null : null));

/** The name of a thing that may have none. */
export const title = text.transform((value) => value ?? '');

/** A moment with whatever offset its vendor writes, `+02:00` or `+0200`, in UTC. */
export const moment = z
  .string()
  .transform((value) => value.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
  .pipe(z.iso.datetime({ offset: true }))
  .transform((value) => new Date(value).toISOString());

/** A day, or a moment, with which a day begins. */
export const day = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .nullish()
  .transform((value) => (value ? new Date(value).toISOString() : null));

/** Money in major units, which vendors write as a number or as text; nothing else of a number is read. */
export const amount = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' ? null : String(value)));

/** Another record's id, which must not be a number that JavaScript rounds. */
export const reference = z
  .string()
  .nullish()
  .transform((value) => value || null);

/** What a person wants written, in our names: the vendor's own, and `native` as it is, for what we have no name for. */
export function renamed(names: Record<string, string>, input: object): Record<string, unknown> {
  const { native, ...given } = input as Record<string, unknown>;
  const pairs = Object.entries(given).map(([ours, value]) => [names[ours] ?? ours, value] as const);
  return { ...(native as object | undefined), ...Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) };
}

/** Fields of the vendor that we have no name for, under its own names. */
export const native = z.record(z.string().regex(/^\w{1,100}$/), z.unknown()).optional();
