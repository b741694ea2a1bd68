import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { OpenAPIRouter } from 'openapi-backend';
import type { Document } from 'openapi-backend';
import qs from 'qs';
import { parse } from 'yaml';
import { root } from '../lib/settings.ts';
import { closed } from './closed.ts';
import { excerpt } from './excerpt.ts';

const FOLDER = join(root, '..', 'shared', 'specs');

/** One call as it went over the wire. */
export interface Exchange {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  status: number;
  answer: string;
}

/** Says what in an exchange does not fit the vendor's own description; empty: nothing. What is `gone` may be missing in an answer. */
export type Description = (exchange: Exchange, gone?: string[]) => string[];

/** Whether the vendor's description lies beside this checkout: it is not ours to copy. */
export const hasDescription = (file: string): boolean => existsSync(join(FOLDER, file));

const opened = new Map<string, Promise<Description>>();

/** `file`: one of the descriptions beside this checkout. They are large, so each is read once a process, and of some these paths alone. */
export function openDescription(file: string, paths?: string[]): Promise<Description> {
  const found = opened.get(file) ?? read(file, paths);
  opened.set(file, found);
  return found;
}

async function read(file: string, paths?: string[]): Promise<Description> {
  const whole = await readFile(join(FOLDER, file), 'utf8');
  const text = paths ? excerpt(whole, paths) : whole;
  const definition = withNulls(
    file.endsWith('.json') ? JSON.parse(text) : parse(text, { maxAliasCount: -1 }),
  ) as Document;
  const [{ url = '/' } = {}] = definition.servers ?? [];
  const router = new OpenAPIRouter({ definition, apiRoot: new URL(url).pathname });
  // Components are referred to and not written into each other: they refer to each other in circles, by the hundred.
  const options = { strict: false, validateFormats: false, validateSchema: false, inlineRefs: false, allErrors: true };
  // A query and a form hold text alone, an answer holds what it means.
  // Since 3.1 a description speaks the JSON Schema of 2020.
  const Judge = (definition as { openapi?: string }).openapi?.startsWith('3.1') ? Ajv2020 : Ajv;
  const asked = new Judge({ ...options, coerceTypes: true }).addSchema({
    $id: DOCUMENT,
    ...(closed(definition) as object),
  });
  const answered = new Judge(options).addSchema({ $id: DOCUMENT, ...definition });
  const checks = new Map<string, ValidateFunction>();
  const misfits = (ajv: Ajv | Ajv2020, key: string, schema: object, value: unknown): ErrorObject[] => {
    const check = checks.get(key) ?? ajv.compile(schema);
    checks.set(key, check);
    return check(value) ? [] : (check.errors ?? []);
  };

  return ({ method, url: whole, headers, body, status, answer }, gone = []) => {
    const { pathname, search } = new URL(whole);
    const operation = router.matchOperation({ method, path: pathname, headers: {} });
    if (!operation) return [`${method} ${pathname} is no call that the vendor describes`];
    const at = ['paths', operation.path, operation.method];
    const of = (part: string) => `${operation.method} ${operation.path} ${part}`;
    const wrong = misfits(asked, of('query'), querySchema(operation.parameters), { query: qs.parse(search.slice(1)) });
    if (body !== null) {
      const type = headers['content-type']?.split(';')[0] ?? '';
      const form = type === 'application/x-www-form-urlencoded' ? qs.parse(body) : (JSON.parse(body) as unknown);
      wrong.push(
        ...misfits(asked, of(type), { $ref: pointer([...at, 'requestBody', 'content', type, 'schema']) }, form),
      );
    }
    if (status < 400) {
      const [type, bodies] = answersIn(answer);
      const given = [...at, 'responses', String(status), 'content', type, 'schema'];
      const answers = bodies.flatMap((one) =>
        misfits(answered, of(String(status) + type), { $ref: pointer(given) }, one),
      );
      wrong.push(...answers.filter(({ params: { missingProperty } }) => !gone.includes(missingProperty as string)));
    }
    return wrong.map(
      ({ instancePath, message, params }) =>
        `${method} ${operation.path}:${instancePath.replaceAll('/', '.')} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  };
}

const DOCUMENT = 'described';
const pointer = (path: string[]): string =>
  `${DOCUMENT}#/${path.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

/** Every parameter of the query is described, or it is none. */
function querySchema(parameters: unknown[] = []): object {
  const described = (closed(parameters) as { in: string; name: string; required?: boolean; schema: object }[]).filter(
    (parameter) => parameter.in === 'query',
  );
  return {
    properties: {
      query: {
        additionalProperties: false,
        properties: Object.fromEntries(described.map(({ name, schema }) => [name, schema])),
        required: described.filter(({ required }) => required).map(({ name }) => name),
      },
    },
  };
}

/** `nullable` of OpenAPI 3.0 says nothing where no type stands beside it; JSON Schema says the same with an alternative. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withNulls(one)]));
  // A property of this name is a schema, and not a flag.
  if (nullable === undefined || typeof nullable === 'object')
    return { ...rest, ...(nullable !== undefined && { nullable }) };
  return nullable === true ? { anyOf: [rest, { enum: [null] }] } : rest;
}

/** The answer, or each event of one that was streamed. */
function answersIn(answer: string): [type: string, bodies: unknown[]] {
  const events = answer.split('\n').filter((line) => line.startsWith('data: {'));
  return events.length === 0
    ? ['application/json', [JSON.parse(answer)]]
    : ['text/event-stream', events.map((line) => JSON.parse(line.slice('data: '.length)) as unknown)];
}
