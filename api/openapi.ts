import { z } from 'zod';
import { Problem } from './faults.ts';
import type { Route } from './route.ts';
import { Nothing, takesBody, takesKey } from './route.ts';

type Json = Record<string, unknown>;

/** The schemas that have a name, found while the routes are described. */
type Components = Map<string, Json>;

const pointTo = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(pointTo);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : pointTo(member),
    ]),
  );
};

const describe = (schema: z.ZodType, io: 'input' | 'output', components: Components): Json => {
  const { $defs = {}, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  delete own.$schema;
  for (const [name, definition] of Object.entries($defs)) components.set(name, pointTo(definition) as Json);
  return pointTo(own) as Json;
};

const parameters = (place: 'path' | 'query', schema: z.ZodType, components: Components): Json[] => {
  const { properties = {}, required = [] } = describe(schema, 'input', components) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
    ...(property.type === 'object' ? { style: 'deepObject', explode: true } : {}),
  }));
};

const header = (name: string, description: string): Json => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});

const HEADERS = {
  tenant: header('X-Tenant-Id', 'Platform roles: the tenant to act in. Tenant roles always act in their own.'),
  once: header('Idempotency-Key', 'Repeats of this request are answered as the first was.'),
};

const content = (route: Route, components: Components): Json =>
  'schema' in route.reply
    ? {
        'application/json': { schema: describe(route.reply.schema, 'output', components) },
        ...(route.reply.streams ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
      }
    : { [route.reply.type]: { schema: { type: 'string' } } };

const body = ({ body: json, multipart }: Route, components: Components): Json =>
  multipart === undefined
    ? { 'application/json': { schema: describe(json, 'input', components) } }
    : { 'multipart/form-data': { schema: describe(multipart.form, 'input', components) } };

const security = ({ may }: Route): Json => {
  if (may === 'public') return { security: [] };
  return may === 'connectSession' ? { security: [{ connectSession: [] }] } : { 'x-permission': may };
};

const operation = (route: Route, components: Components): Json => ({
  operationId: operationId(route),
  tags: [/^\/(?:api\/v1\/)?([a-z]+)/.exec(route.path)?.[1] ?? 'other'],
  summary: route.summary,
  ...(route.description === undefined ? {} : { description: route.description }),
  ...security(route),
  parameters: [
    ...parameters('path', route.params, components),
    ...parameters('query', route.query, components),
    ...(route.within === 'tenant' || route.within === 'scope' ? [HEADERS.tenant] : []),
    ...(takesKey(route.method) && 'x-permission' in security(route) ? [HEADERS.once] : []),
  ],
  ...(takesBody(route) && route.body !== Nothing
    ? {
        requestBody: {
          required: true,
          content: body(route, components),
        },
      }
    : {}),
  responses: {
    [route.reply.status]: { description: 'Done as asked', content: content(route, components) },
    default: {
      description: 'Refused or failed',
      content: { 'application/problem+json': { schema: describe(Problem, 'output', components) } },
    },
  },
});

/** `POST /api/v1/connectors/:id/sync/:resource` is `postConnectorsByIdSyncByResource`. */
const operationId = ({ method, path }: Route): string =>
  method +
  path
    .replace('/api/v1', '')
    .replaceAll(/:(\w)/g, (_, first: string) => `By${first.toUpperCase()}`)
    .replaceAll(/[/-](\w)/g, (_, first: string) => first.toUpperCase());

/** OpenAPI 3.1 from the same schemas that judge each request. */
export const openApi = (routes: Route[], publicUrl: string): Json => {
  const components: Components = new Map();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'BizOSaaS',
      version: '1',
      description:
        'Starts, decides and watches business operations. Errors are RFC 9457 problems with a stable `code`.',
    },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(components),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        connectSession: { type: 'http', scheme: 'bearer', description: 'The token of a claimed connect session.' },
      },
    },
  };
};
