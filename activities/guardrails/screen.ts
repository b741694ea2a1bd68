import { hiddenText, readings } from './forms.ts';
import { SUSPICIONS } from './suspicions.ts';

export interface Screened {
  /** It looks like an order to the model. False is no promise: what a tool brings is material all the same. */
  flagged: boolean;
  reasons: string[];
}

/** Longer texts are looked at in parts that overlap. */
const PART_CHARS = 20_000;
const OVERLAP_CHARS = 400;
/** So many characters that nobody sees are no accident of typing. */
const INVISIBLE_MANY = 12;

const stringsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [...(Array.isArray(value) ? [] : [key]), ...stringsIn(part)]);
};

/** JSON is looked at as what it says, not as how it is written. */
const said = (text: string): string => {
  if (!/^\s*[[{"]/.test(text)) return text;
  try {
    return stringsIn(JSON.parse(text)).join('\n');
  } catch {
    return text;
  }
};

const parts = (text: string): string[] => {
  const all: string[] = [];
  for (let from = 0; from < text.length; from += PART_CHARS - OVERLAP_CHARS)
    all.push(text.slice(from, from + PART_CHARS));
  return all;
};

const reasonsOf = (text: string): string[] => {
  const hidden =
    hiddenText(text).length > 0 || (text.match(/[\u200b\u2060-\u2064\u202d\u202e]/g) ?? []).length >= INVISIBLE_MANY;
  const forms = readings(text);
  const found = SUSPICIONS.filter(({ pattern }) => forms.some((form) => pattern.test(form)));
  return [...(hidden ? ['holds text that people cannot see'] : []), ...found.map(({ reason }) => reason)];
};

/**
 * Whether a text that others wrote looks like orders to a model: in the words that are known, in other languages, letters,
 * codings, or hidden. Of a run that has read one, no write goes unasked. New words for an old wish often pass: what holds
 * whatever is written is that writes ask people unless the tenant said otherwise, that only listed hosts are reached, and that
 * nothing but the approved arguments is carried out.
 */
export const screen = (text: string): Screened => {
  const reasons = [...new Set(parts(said(text)).flatMap(reasonsOf))];
  return { flagged: reasons.length > 0, reasons };
};
