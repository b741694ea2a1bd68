import type { Field } from './parse.ts';

/** What a field gives: a value, or what makes one of its arguments. */
export type Source = Record<string, unknown>;
export type Resolver = (args: Record<string, unknown>) => unknown;

/** A refusal in GraphQL's own place for it. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Executed {
  data: Record<string, unknown>;
  errors: { message: string; path: string[]; extensions: { code: string } }[];
  /** Objects that were given out. */
  objects: number;
}

/** Answers a selection from a tree of values; a top-level field that refuses is null beside its error. */
export function execute(fields: Field[], root: Source): Executed {
  const errors: Executed['errors'] = [];
  let objects = 0;

  const resolved = (source: Source, { name, args }: Field): unknown => {
    if (!Object.hasOwn(source, name)) throw new Refused('undefinedField', `Field '${name}' doesn't exist`);
    const found = source[name];
    return typeof found === 'function' ? (found as Resolver)(args) : found;
  };
  const shaped = (value: unknown, field: Field): unknown => {
    if (value === null || value === undefined) return value;
    if (Array.isArray(value)) return value.map((one) => shaped(one, field));
    if (typeof value !== 'object') return value;
    if (field.fields.length === 0) throw new Refused('selectionMismatch', `Field '${field.name}' must have selections`);
    objects += 1;
    const source = value as Source;
    return Object.fromEntries(field.fields.map((inner) => [inner.alias, shaped(resolved(source, inner), inner)]));
  };

  const data: Record<string, unknown> = {};
  for (const field of fields) {
    try {
      data[field.alias] = shaped(resolved(root, field), field) ?? null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      data[field.alias] = null;
      errors.push({ message: error.message, path: [field.alias], extensions: { code: error.code } });
    }
  }
  return { data, errors, objects };
}

/** One point an object, as many as it may bring a connection, ten a mutation. */
export function requestedCost(kind: 'query' | 'mutation', fields: Field[]): number {
  const costOf = ({ args, fields: inner }: Field): number => {
    const own = typeof args['first'] === 'number' ? args['first'] : inner.length > 0 ? 1 : 0;
    return own + inner.reduce((sum, field) => sum + costOf(field), 0);
  };
  const sum = fields.reduce((total, field) => total + costOf(field), 0);
  return kind === 'mutation' ? 10 * fields.length : sum;
}
