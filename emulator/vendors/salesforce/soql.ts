/** The part of SOQL that lists need: fields, conditions with AND, OR and brackets, an order, a limit. */
export interface Query {
  fields: string[];
  from: string;
  where: Condition | null;
  order: { field: string; descending: boolean }[];
  limit: number | null;
}

export type Condition =
  { all: Condition[] } | { any: Condition[] } | { field: string; operator: string; value: Literal };

export type Literal =
  { kind: 'text'; value: string } | { kind: 'bare'; value: string } | { kind: 'days'; value: number };

export class Malformed extends Error {}

const TOKEN = /\s*('(?:\\.|[^'\\])*'|[<>!]?=|[<>(),]|[\w.:+-]+)/y;

export function parseSoql(text: string): Query {
  const tokens = tokensOf(text);
  let place = 0;
  const peek = (): string => (tokens[place] ?? '').toUpperCase();
  const next = (): string => {
    const token = tokens[place];
    if (token === undefined) throw new Malformed('unexpected end of the query');
    place += 1;
    return token;
  };
  const expect = (word: string): void => {
    const token = next();
    if (token.toUpperCase() !== word) throw new Malformed(`unexpected token: ${token}`);
  };
  const took = (word: string): boolean => {
    if (peek() !== word) return false;
    place += 1;
    return true;
  };
  const name = (): string => {
    const token = next();
    if (!/^[A-Za-z][\w.]*$/.test(token)) throw new Malformed(`unexpected token: ${token}`);
    return token;
  };
  const listed = <One>(read: () => One): One[] => {
    const found = [read()];
    while (took(',')) found.push(read());
    return found;
  };

  const simple = (): Condition => {
    if (took('(')) {
      const inner = condition();
      expect(')');
      return inner;
    }
    const field = name();
    const operator = next().toUpperCase();
    if (!['=', '!=', '<', '<=', '>', '>=', 'LIKE'].includes(operator))
      throw new Malformed(`unknown operator: ${operator}`);
    return { field, operator, value: literal(next()) };
  };
  /** AND and OR may not stand beside each other without brackets. */
  const condition = (): Condition => {
    const first = simple();
    const word = peek();
    if (word !== 'AND' && word !== 'OR') return first;
    const several = [first];
    while (took(word)) several.push(simple());
    return word === 'AND' ? { all: several } : { any: several };
  };

  expect('SELECT');
  const fields = listed(name);
  expect('FROM');
  const from = name();
  const where = took('WHERE') ? condition() : null;
  const order = took('ORDER')
    ? (expect('BY'),
      listed(() => {
        const field = name();
        return { field, descending: took('DESC') || (took('ASC'), false) };
      }))
    : [];
  const limit = took('LIMIT') ? Number(next()) : null;
  if (limit !== null && !(Number.isInteger(limit) && limit >= 1)) throw new Malformed('LIMIT must be a number');
  if (place < tokens.length) throw new Malformed(`unexpected token: ${tokens[place] ?? ''}`);
  return { fields, from, where, order, limit };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text)?.[1];
    if (found === undefined) throw new Malformed(`line 1, column ${at}: unexpected character`);
    tokens.push(found);
  }
  return tokens;
}

function literal(token: string): Literal {
  if (token.startsWith("'")) return { kind: 'text', value: token.slice(1, -1).replace(/\\([\\'"_%])/g, unescaped) };
  const [, days] = /^LAST_N_DAYS:(\d+)$/i.exec(token) ?? [];
  return days === undefined ? { kind: 'bare', value: token } : { kind: 'days', value: Number(days) };
}

/** A pattern's own signs stay escaped until it is used as one. */
const unescaped = (whole: string, sign: string): string => (sign === '_' || sign === '%' ? whole : sign);
