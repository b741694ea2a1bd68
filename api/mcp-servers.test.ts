import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createHttp } from '../adapters/http/client.ts';
import { createMcp } from '../adapters/mcp/index.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { envSecrets } from '../adapters/secrets/env.ts';
import { catalogue } from '../agents/index.ts';
import { createEmulator } from '../emulator/server.ts';
import type { Principal } from '../ports/identity.ts';
import type { TenantId } from '../ports/ids.ts';
import type { McpTool } from '../ports/mcp.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

const emulator = createEmulator();
const secretsDir = mkdtemp(join(tmpdir(), 'mcp-api-'));
let http: ReturnType<typeof createHttp>;
let database: TestDatabase;
let stores: Stores;
let secrets: ApiDeps['ports']['secrets'];
let api: TestApi;
let acme: TenantId;
let admin: Principal;
let stranger: Principal;
/** Done once, before a server’s next list of tools arrives. */
let meanwhile: (() => Promise<unknown>) | null = null;

beforeAll(async () => {
  await emulator.listen();
  http = createHttp({ allow: [new URL(emulator.url).host], origins: [], userAgent: 'test' });
  database = await freshDatabase();
  stores = postgresStores(database.db);
  secrets = envSecrets({ dir: await secretsDir, environment: 'test' });
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const llm = { default: () => ({ provider: 'openai', model: 'm' }) };
  const real = createMcp(http);
  const listTools: typeof real.listTools = async (...asked) => {
    const tools = await real.listTools(...asked);
    await meanwhile?.();
    meanwhile = null;
    return tools;
  };
  const ports = { ...stores, secrets, hash, llm, mcp: { ...real, listTools } } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal: { workflow: {} } as never, catalogue });
  acme = await aTenant(stores);
  admin = await aMember(stores, acme);
  stranger = await aMember(stores, await aTenant(stores), 'tenant_admin', 'admin@rival.test');
});
beforeEach(() => emulator.control.reset());
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
  await http.close();
  await emulator.close();
  await rm(await secretsDir, { recursive: true, force: true });
});

const BASE = '/api/v1/mcp-servers';
const body = (name: string) => ({ name, url: `${emulator.url}/mcp/desk`, token: 'emulated-mcp' });
const add = (name: string, as = admin, headers = {}) => api.post(BASE, { as, body: body(name), headers });
const ask = (method: string, path: string, as = admin, more = {}) => api.ask(method, `${BASE}${path}`, { as, ...more });

test('C84: a server is added with the list of tools that it shows, and its token is seen nowhere again', async () => {
  const added = await add('desk');
  expect(added.status).toBe(201);
  expect((added.json['tools'] as McpTool[]).map(({ name }) => name)).toEqual(['count_words', 'lookup', 'send_note']);
  expect(added.json).toMatchObject({ name: 'desk', included: null, changedAt: null });
  const id = String(added.json['id']);
  const { vaultPath } = await stores.mcpServers.get(acme, id);
  expect((await secrets.read(vaultPath ?? ''))?.values).toEqual({ token: 'emulated-mcp' });
  const listed = await ask('GET', '');
  expect(listed.json).toMatchObject({ data: [{ id, name: 'desk' }] });
  for (const { text } of [added, listed]) expect(text).not.toMatch(/emulated-mcp|vaultPath/);
  const lines = JSON.stringify(await stores.audit.list(acme, { limit: 50 }));
  expect(lines).toContain('mcp_server.added');
  expect(lines).not.toContain('emulated-mcp');
  expect((await ask('DELETE', `/${id}`)).status).toBe(200);
  await expect(secrets.read(vaultPath ?? '')).resolves.toBeNull();
  expect((await ask('DELETE', `/${id}`)).status).toBe(404);
});

test('what cannot be asked is not added, and leaves no secret', async () => {
  const status = async (more: object) =>
    (await api.post(BASE, { as: admin, body: { ...body('bad'), ...more } })).status;
  expect(await status({ token: 'other' })).toBe(422);
  expect(await status({ url: 'https://169.254.169.254/mcp' })).toBe(422);
  expect(await status({ url: 'https://user:pass@mcp.example/mcp' })).toBe(400);
  expect(await status({ name: 'Not A Name' })).toBe(400);
  await expect(stores.mcpServers.list(acme)).resolves.toEqual([]);
  await expect(secrets.list(`tenants/${acme}/mcp/`)).resolves.toEqual([]);
});

test('added twice under one key is one server; another one cannot take its name, and keeps its own token', async () => {
  const headers = { 'Idempotency-Key': randomUUID() };
  const [first, again] = [await add('twice', admin, headers), await add('twice', admin, headers)];
  expect(again.json['id']).toBe(first.json['id']);
  expect((await add('twice')).status).toBe(409);
  await expect(secrets.list(`tenants/${acme}/mcp/`)).resolves.toHaveLength(1);
  await ask('DELETE', `/${String(first.json['id'])}`);
});

test('C84: a changed list is agreed to by its hash alone, and not when it changed again meanwhile', async () => {
  const id = String((await add('notes')).json['id']);
  const show = (description: string) =>
    emulator.control.mcp('desk').tools([{ name: 'lookup', description, inputSchema: { type: 'object' } }]);
  show('new');
  await stores.mcpServers.markChanged(acme, id);
  const seen = await ask('GET', `/${id}/tools`);
  const { toolsHash } = seen.json;
  show('newer');
  expect((await ask('POST', `/${id}/pin`, admin, { body: { toolsHash } })).status).toBe(409);
  show('new');
  const pinned = await ask('POST', `/${id}/pin`, admin, { body: { toolsHash } });
  expect(pinned.json).toMatchObject({ toolsHash, changedAt: null, tools: [{ description: 'new' }] });
  for (const [method, path] of [
    ['GET', '/tools'],
    ['POST', '/pin'],
    ['DELETE', ''],
  ] as const) {
    const more = method === 'POST' ? { body: { toolsHash } } : {};
    expect((await ask(method, `/${id}${path}`, stranger, more)).status).toBe(404);
  }
  expect((await ask('GET', '', stranger)).json).toMatchObject({ data: [] });
});

test('a server that is removed while its list is agreed to does not come back, nor is another list overwritten', async () => {
  const id = String((await add('race')).json['id']);
  const toolsHash = (await ask('GET', `/${id}/tools`)).json['toolsHash'];
  const pin = async () => (await ask('POST', `/${id}/pin`, admin, { body: { toolsHash } })).status;
  expect(await pin()).toBe(200);
  const kept = await stores.mcpServers.get(acme, id);
  const tools = kept.tools.slice(0, 1);
  // What the request reads first stands no more when the list arrives: another one does.
  await stores.mcpServers.pin(acme, id, kept.toolsHash, { tools, toolsHash: 'older' });
  meanwhile = () => stores.mcpServers.pin(acme, id, 'older', { tools, toolsHash: 'agreed meanwhile' });
  expect(await pin()).toBe(409);
  await expect(stores.mcpServers.get(acme, id)).resolves.toMatchObject({ toolsHash: 'agreed meanwhile', tools });
  meanwhile = () => ask('DELETE', `/${id}`);
  expect(await pin()).toBe(404);
  expect((await ask('GET', '')).json['data']).not.toContainEqual(expect.objectContaining({ id }));
});

test('what an agent remembers is seen with its source and deleted by its tenant, and by no other', async () => {
  const source = { runId: randomUUID(), seq: 3 };
  const { id } = await stores.memory.remember(acme, 'ContentCreator', { fact: 'Anna likes tea.', source, opId: 'o' });
  const memory = '/api/v1/agents/ContentCreator/memory';
  const seen = async (as: Principal, query = '') => (await api.get(memory + query, { as })).json['data'];
  expect(await seen(admin)).toMatchObject([{ id, fact: 'Anna likes tea.', source }]);
  expect(await seen(admin, '?search=coffee')).toEqual([]);
  expect(await seen(stranger)).toEqual([]);
  expect((await api.ask('DELETE', `${memory}/${id}`, { as: stranger })).status).toBe(200);
  expect(await seen(admin)).toHaveLength(1);
  expect((await api.ask('DELETE', `${memory}/${id}`, { as: admin })).status).toBe(200);
  expect(await seen(admin)).toEqual([]);
  expect((await api.get('/api/v1/agents/Nobody/memory', { as: admin })).status).toBe(404);
});
