import { list, record } from '../http.ts';
import type { Schema } from './conversation.ts';

const UNKNOWN = 'The scripted model has nothing to say on this.';
const FORMATS: Record<string, string> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  email: 'nobody@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** `candidate` as far as the schema allows it; what is missing or does not fit is filled by type, and says so. */
export function conform(schema: Schema, candidate: unknown, root: Schema = schema): unknown {
  const here = resolved(schema, root);
  if ('const' in here) return here['const'];
  const allowed = list(here['enum']);
  if (allowed.length > 0) return allowed.includes(candidate) ? candidate : allowed[0];
  const options = [...list(here['anyOf']), ...list(here['oneOf'])].map(record);
  if (options.length > 0) {
    const option = options.find((one) => fits(resolved(one, root), candidate)) ?? options.find(isNull) ?? options[0];
    return conform(option ?? {}, candidate, root);
  }
  const types = typesOf(here);
  const type = types.find((one) => isOf(one, candidate)) ?? (types.includes('null') ? 'null' : types[0]);
  switch (type) {
    case 'object': {
      const properties = Object.entries(record(here['properties']));
      if (properties.length === 0) return record(candidate);
      const required = list(here['required']);
      const held = record(candidate);
      const kept = properties.filter(([name]) => name in held || required.includes(name));
      return Object.fromEntries(kept.map(([name, inner]) => [name, conform(record(inner), held[name], root)]));
    }
    case 'array': {
      const items = list(candidate).slice(0, numberOf(here['maxItems'], Infinity));
      const missing = Math.max(0, numberOf(here['minItems'], 0) - items.length);
      return [...items, ...Array<undefined>(missing).fill(undefined)].map((item) =>
        conform(record(here['items']), item, root),
      );
    }
    case 'string': {
      const fallback = FORMATS[String(here['format'])] ?? UNKNOWN;
      const text = typeof candidate === 'string' ? candidate : fallback;
      return text.slice(0, numberOf(here['maxLength'], Infinity)).padEnd(numberOf(here['minLength'], 0), '.');
    }
    case 'number':
    case 'integer': {
      const number = typeof candidate === 'number' ? candidate : 0;
      return Math.min(Math.max(number, numberOf(here['minimum'], -Infinity)), numberOf(here['maximum'], Infinity));
    }
    case 'boolean':
      return candidate === true;
    case 'null':
      return null;
    default:
      return candidate ?? {};
  }
}

function resolved(schema: Schema, root: Schema): Schema {
  const ref = schema['$ref'];
  if (typeof ref !== 'string') return schema;
  return ref
    .split('/')
    .slice(1)
    .reduce<Schema>((inner, name) => record(inner[name]), root);
}

function typesOf({ type, properties }: Schema): unknown[] {
  if (Array.isArray(type)) return list(type);
  return type === undefined && properties !== undefined ? ['object'] : [type];
}

const isNull = (schema: Schema): boolean => schema['type'] === 'null';

const fits = (schema: Schema, candidate: unknown): boolean => typesOf(schema).some((type) => isOf(type, candidate));

function isOf(type: unknown, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
