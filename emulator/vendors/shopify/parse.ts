/** One field of a selection: what it is called in the answer, what it is, with what, and what of it. */
export interface Field {
  alias: string;
  name: string;
  args: Record<string, unknown>;
  fields: Field[];
}

export interface Operation {
  kind: 'query' | 'mutation';
  fields: Field[];
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[!$():=[\]{}]|[^\s,]/g;

/** As much of GraphQL as one anonymous or named operation without fragments needs; throws a sentence where it ends. */
export function parse(document: string, variables: Record<string, unknown>): Operation {
  const tokens = document.replace(/#.*$/gm, '').match(TOKENS) ?? [];
  let at = 0;
  const peek = (): string => tokens[at] ?? '';
  const next = (): string => tokens[at++] ?? '';
  const expect = (token: string): void => {
    const found = next();
    if (found !== token) throw new Error(`Expected ${token}, actual: ${found || 'end of input'}`);
  };
  const name = (): string => {
    const found = next();
    if (!/^[A-Za-z_]\w*$/.test(found)) throw new Error(`Expected a name, actual: ${found || 'end of input'}`);
    return found;
  };

  const value = (): unknown => {
    const token = next();
    if (token === '$') {
      const variable = name();
      return variables[variable] ?? null;
    }
    if (token === '{') {
      const object: Record<string, unknown> = {};
      while (peek() !== '}') {
        const key = name();
        expect(':');
        object[key] = value();
      }
      expect('}');
      return object;
    }
    if (token === '[') {
      const items: unknown[] = [];
      while (peek() !== ']') items.push(value());
      expect(']');
      return items;
    }
    if (token.startsWith('"')) return JSON.parse(token);
    if (/^-?\d/.test(token)) return Number(token);
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    if (/^[A-Za-z_]/.test(token)) return token;
    throw new Error(`Expected a value, actual: ${token || 'end of input'}`);
  };
  const field = (): Field => {
    const first = name();
    const second = peek() === ':' ? (expect(':'), name()) : first;
    const args: Record<string, unknown> = {};
    if (peek() === '(') {
      expect('(');
      while (peek() !== ')') {
        const argument = name();
        expect(':');
        args[argument] = value();
      }
      expect(')');
    }
    return { alias: first, name: second, args, fields: peek() === '{' ? selection() : [] };
  };
  const selection = (): Field[] => {
    const fields: Field[] = [];
    expect('{');
    while (peek() !== '}') fields.push(field());
    expect('}');
    return fields;
  };

  const kind = peek() === '{' ? 'query' : next();
  if (kind !== 'query' && kind !== 'mutation') throw new Error(`Expected query or mutation, actual: ${kind}`);
  if (peek() !== '{' && peek() !== '(') name();
  if (peek() === '(')
    while (next() !== ')') if (at > tokens.length) throw new Error('Expected ), actual: end of input');
  const fields = selection();
  if (at < tokens.length) throw new Error(`Expected end of input, actual: ${peek()}`);
  return { kind, fields };
}
