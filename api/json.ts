import { Fault } from '../ports/errors.ts';

export const JSON_DEPTH_MAX = 100;

/** Judged on the text, before the parser spends anything on it. */
const tooDeep = (text: string): boolean => {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '[' || char === '{') {
      depth += 1;
      if (depth > JSON_DEPTH_MAX) return true;
    } else if (char === ']' || char === '}') depth -= 1;
  }
  return false;
};

const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();

/** PostgreSQL refuses NUL and changes lone surrogates silently, so no string with either passes the edge. */
export const refuseUnstorable = (value: unknown, path: string[] = []): void => {
  if (typeof value === 'string' && !isStorable(value)) {
    throw new Fault('invalid_request', `The text of ${path.join('.') || 'the body'} cannot be stored.`, {
      fields: [{ path: path.join('.'), message: 'contains a NUL byte or half a surrogate pair; remove it' }],
    });
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__' || !isStorable(key)) {
      throw new Fault('invalid_request', 'A field has a name that is not allowed.', {
        fields: [{ path: [...path, '?'].join('.'), message: 'this field name is not allowed; remove it' }],
      });
    }
    refuseUnstorable(member, [...path, key]);
  }
};

/** The value of a JSON body; `undefined` for an empty one. */
export const parseJson = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Fault('invalid_request', 'The body is not UTF-8 text; send JSON in UTF-8.', { cause });
  }
  if (tooDeep(text)) {
    throw new Fault('invalid_request', `The body is nested deeper than ${JSON_DEPTH_MAX} levels; send it flatter.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold a secret: it is neither shown nor kept as a cause.
    throw new Fault('invalid_request', 'The body is not valid JSON.');
  }
  refuseUnstorable(value);
  return value;
};
