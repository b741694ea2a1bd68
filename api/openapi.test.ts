import { expect, test } from '@jest/globals';
import Ajv2020 from 'ajv/dist/2020.js';
import type { ApiDeps } from './deps.ts';
import { openApi as openApiDocument } from './openapi.ts';
import { allRoutes } from './routes/index.ts';
import { openApi } from './testing.ts';

const nothing = { ports: {}, temporal: {}, settings: {} } as unknown as ApiDeps;

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const routes = allRoutes(nothing);
const document = openApiDocument(routes, 'http://127.0.0.1:3000') as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

test('every route is described, under a name of its own, with its parameters, its answer and its problems', () => {
  expect(document.openapi).toBe('3.1.0');
  const described = operations.map(({ method, path }) => `${method} ${path}`).sort();
  expect(described).toEqual(routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`).sort());
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const { path, operation } of operations) {
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => `{${name}}`).sort()).toEqual((path.match(/\{\w+\}/g) ?? []).sort());
    expect(inPath.every(({ required }) => required)).toBe(true);
    expect(Object.keys(operation.responses)).toHaveLength(2);
    expect(operation.responses.default?.content).toHaveProperty(['application/problem+json']);
  }
});

test('every reference leads somewhere, and every schema is one that a validator takes', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  expect(references.length).toBeGreaterThan(20);
  for (const target of references) {
    const [, name = ''] = /^#\/components\/schemas\/(\w+)$/.exec(target ?? '') ?? [];
    expect(document.components.schemas).toHaveProperty([name]);
  }
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', components: document.components });
  for (const name of Object.keys(document.components.schemas)) {
    expect(ajv.compile({ $ref: `api#/components/schemas/${name}` })).toBeInstanceOf(Function);
  }
});

test('what a body must not hold is said in the document too', () => {
  expect(document.components.schemas.OpenTenant).toMatchObject({
    additionalProperties: false,
    required: ['name', 'slug', 'ownerEmail'],
  });
  const { requestBody } = document.paths['/api/v1/approvals/{id}/decisions']?.post ?? {};
  expect(requestBody?.content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/DecisionRequest' });
});

test('the document and its viewer are served by us alone, under a policy that lets nothing else in', async () => {
  await using api = await openApi({ ports: {} as ApiDeps['ports'], temporal: {} as ApiDeps['temporal'] });
  const served = await api.get('/openapi.json');
  expect(Object.keys(served.json.paths as object)).toEqual(Object.keys(document.paths));
  const docs = await api.get('/docs');
  expect(docs.headers.get('content-type')).toMatch('text/html');
  const policy = docs.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/https?:/);
  const assets = [...docs.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
  expect(assets).toHaveLength(3);
  for (const url of assets) {
    expect(url).toMatch(/^\/docs\//);
    const { status, text } = await api.get(url);
    expect([url, status, text.length > 50]).toEqual([url, 200, true]);
  }
});
