import { setImmediate as breath } from 'node:timers/promises';
import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';

/** Bodies above this are read in parts, between which others have their turn. */
export const LARGE_BYTES = 1024 * 1024;
const PART_BYTES = 64 * 1024;
const DEPTH_MAX = 100;

/**
 * A body as JSON; throws when it is none, or nested deeper than anything honest. Whole numbers that JavaScript cannot hold are
 * given as text, digit by digit, and no key is `__proto__`.
 */
export function parseJson(body: Buffer): unknown {
  const text = withoutMark(body).toString('utf8');
  // The parser of the platform does not recurse, so what is nested too deep costs no more than its bytes before it is refused.
  const value: unknown = JSON.parse(text);
  return isPlain(value, 0) ? value : JSON.parse(text, careful);
}

/** The same for a body of any size. Aborted between two parts, it throws the signal's reason. */
export async function parseLargeJson(body: Buffer, signal?: AbortSignal): Promise<unknown> {
  const reader = createReader();
  const { tokenizer } = reader;
  const bytes = withoutMark(body);
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    tokenizer.write(bytes.subarray(at, at + PART_BYTES));
    await breath();
    signal?.throwIfAborted();
  }
  if (!tokenizer.isEnded) tokenizer.end();
  return reader.result();
}

const tooDeep = () => new SyntaxError(`nested deeper than ${DEPTH_MAX} levels`);

/** Some servers put a byte order mark first. */
const withoutMark = (body: Buffer): Buffer =>
  body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;

/** The source of a number is a newer word of JSON.parse than its type knows. */
const careful = (key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown =>
  key === '__proto__' ? undefined : typeof value === 'number' ? exact(value, source) : value;

const exact = (value: number, source: string): number | string =>
  !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value;

/**
 * True when nothing in a parsed value needs care: no number that may have lost digits, no key `__proto__`. Throws when it is
 * nested too deep. A look at what was parsed costs a tenth of a look at its bytes.
 */
function isPlain(value: unknown, above: number): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return true;
  const level = above + 1;
  if (level > DEPTH_MAX) throw tooDeep();
  let plain = true;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (!isPlain(item, level)) plain = false;
    return plain;
  }
  for (const key in value) {
    const held = (value as Record<string, unknown>)[key];
    // Most are texts: those are not worth a call.
    if (key === '__proto__' || (typeof held !== 'string' && !isPlain(held, level))) plain = false;
  }
  return plain;
}

function createReader() {
  let found: { value: unknown } | undefined;
  let level = 0;
  const parser = new TokenParser({ paths: ['$'] });
  parser.onValue = ({ value }) => void (found = { value });
  const tokenizer = new ExactTokenizer();
  /** A text that the next token tells to be a key: then it is renamed. */
  let held: Parameters<typeof parser.write>[0] | undefined;
  tokenizer.onToken = (token) => {
    if (token.token === TokenType.LEFT_BRACE || token.token === TokenType.LEFT_BRACKET) level += 1;
    else if (token.token === TokenType.RIGHT_BRACE || token.token === TokenType.RIGHT_BRACKET) level -= 1;
    if (level > DEPTH_MAX) throw tooDeep();
    if (held) parser.write(token.token === TokenType.COLON ? { ...held, value: 'proto' } : held);
    held = token.token === TokenType.STRING && token.value === '__proto__' ? token : undefined;
    if (!held) parser.write(token);
  };
  return {
    tokenizer,
    result(): unknown {
      if (found) return found.value;
      throw new SyntaxError('no whole value');
    },
  };
}

class ExactTokenizer extends Tokenizer {
  override parseNumber(source: string): number {
    // Its type knows numbers alone; what it gives becomes the value as it is.
    return exact(Number(source), source) as number;
  }
}
