import { Fault } from '../../ports/errors.ts';
import type { ToolAnswer } from './toolbox.ts';

/** What one tool result may hold, in characters: more would drown the model's context. */
const ANSWER_CHARS_MAX = 8000;

/** How long a text and a list in an answer may be, tried in turn until the whole fits. */
const CUTS = [
  { text: 6000, items: 100 },
  { text: 1500, items: 60 },
  { text: 400, items: 50 },
  { text: 200, items: 20 },
  { text: 80, items: 8 },
  { text: 40, items: 2 },
];

const cut = (value: unknown, to: { text: number; items: number }): unknown => {
  if (typeof value === 'string') {
    return value.length > to.text ? `${value.slice(0, to.text)}… (${value.length - to.text} more characters)` : value;
  }
  if (Array.isArray(value)) {
    const kept = value.slice(0, to.items).map((item) => cut(item, to));
    const left = value.length - kept.length;
    return left > 0 ? [...kept, `${left} more are left out here; ask for fewer at once`] : kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cut(part, to)]));
};

/** The value as JSON that fits: long texts and lists are cut, and say so. */
export const fitted = (value: unknown): string => {
  for (const to of CUTS) {
    const text = JSON.stringify(cut(value, to));
    if (text.length <= ANSWER_CHARS_MAX) return text;
  }
  return JSON.stringify(value).slice(0, ANSWER_CHARS_MAX);
};

export const said = (value: unknown, receipt?: string): ToolAnswer => ({
  ok: true,
  content: fitted(value),
  ...(receipt !== undefined && { receipt }),
});

/** A failure in words for the model, in the one form that all tools use. */
export const refusal = (error: string): string => JSON.stringify({ error });

/** Faults that are the model's to mend (a wrong id, say), or to tell people of; all others stop or retry the activity. */
const MODELS_TO_MEND = new Set([
  'not_found',
  'invalid_request',
  'unsupported',
  'unprocessable',
  'provider_rejected',
  'credential_forbidden',
  'not_connected',
  'host_refused',
  'conflict',
  'too_large',
]);

/** What to tell the model of a fault; throws what is not its business. */
export const mended = (error: unknown): string => {
  if (!(error instanceof Fault) || !MODELS_TO_MEND.has(error.code)) throw error;
  const fields = error.fields.map(({ path, message }) => `${path} ${message}`);
  return refusal([error.message, ...fields].join('\n'));
};
