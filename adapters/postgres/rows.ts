import type { DriverTypeParser, Interceptor } from 'slonik';
import { SchemaValidationError } from 'slonik';
import { Fault } from '../../ports/errors.ts';

/** Moments leave as ISO 8601 with milliseconds, counts as numbers. */
export const typeParsers: DriverTypeParser[] = [
  { name: 'int8', parse: (value) => Number(value) },
  // "2026-11-21 11:49:29.123+00": a date parser is only promised to take the ISO form.
  {
    name: 'timestamptz',
    parse: (value) => new Date(value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString(),
  },
];

const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Columns become properties, and each row passes the schema that its query carries: Slonik leaves both to its user. */
const parsedRows: Interceptor = {
  name: 'parsed-rows',
  transformRow: ({ resultParser }, query, row) => {
    const named = Object.fromEntries(Object.entries(row).map(([name, value]) => [camelCase(name), value]));
    if (!resultParser) return named;
    const parsed = resultParser['~standard'].validate(named);
    if (parsed instanceof Promise) throw new TypeError('the schema of a row must be synchronous');
    if (parsed.issues) throw new SchemaValidationError(query, named, parsed.issues);
    return parsed.value as typeof named;
  },
};

const isStorable = (value: unknown): boolean =>
  typeof value === 'string'
    ? !value.includes('\0') && value.isWellFormed()
    : !Array.isArray(value) || value.every(isStorable);

/** PostgreSQL refuses NUL, but turns half a surrogate pair into U+FFFD without a word: neither gets that far. */
const storableText: Interceptor = {
  name: 'storable-text',
  beforeQueryExecution: (_context, { values }) => {
    if (values.every(isStorable)) return null;
    throw new Fault('invalid_request', 'The text contains a NUL byte or half a surrogate pair; remove it.');
  },
};

export const interceptors: Interceptor[] = [storableText, parsedRows];
