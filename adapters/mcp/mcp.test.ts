import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from '../../emulator/server.ts';
import { createHttp } from '../http/client.ts';
import { createMcp } from './index.ts';
import { open } from './session.ts';

const emulator = createEmulator();
let http: ReturnType<typeof createHttp>;
beforeAll(async () => {
  await emulator.listen();
  http = createHttp({ allow: [new URL(emulator.url).host], origins: [], userAgent: 'test' });
});
beforeEach(() => emulator.control.reset());
afterAll(async () => {
  await http.close();
  await emulator.close();
});

const desk = (token: string | null = 'emulated-mcp') => ({ url: `${emulator.url}/mcp/desk`, token });

test('all pages of the list of tools are read, in one order, with the server’s word on what only reads', async () => {
  const tools = await createMcp(http).listTools(desk());
  expect(tools.map(({ name, readOnly }) => [name, readOnly])).toEqual([
    ['count_words', true],
    ['lookup', true],
    ['send_note', false],
  ]);
  expect(tools[2]).toMatchObject({ description: 'Sends a note to somebody.', inputSchema: { type: 'object' } });
});

test('a call is made once and answered in text; what the tool itself calls a failure is one', async () => {
  const mcp = createMcp(http);
  const note = { to: 'Ada', text: 'Fresh bread' };
  await expect(mcp.call(desk(), 'lookup', { topic: 'bread' })).resolves.toEqual({
    ok: true,
    content: 'What is known of bread: it is in good order.',
  });
  await expect(mcp.call(desk(), 'send_note', note)).resolves.toMatchObject({ ok: true });
  await expect(mcp.call(desk(), 'send_note', { to: 'Ada' })).resolves.toMatchObject({ ok: false });
  await expect(mcp.call(desk(), 'nothing', {})).rejects.toMatchObject({ code: 'provider_rejected' });
  expect(emulator.control.mcp('desk').effects()).toEqual([{ tool: 'send_note', input: note }]);
});

test('a refused token, an inside address and a server that is away each have their own word', async () => {
  const mcp = createMcp(http);
  await expect(mcp.listTools(desk('other'))).rejects.toMatchObject({ code: 'credential_rejected' });
  await expect(mcp.listTools(desk(null))).rejects.toMatchObject({ code: 'credential_rejected' });
  const inside = { url: 'https://169.254.169.254/mcp', token: null };
  await expect(mcp.listTools(inside)).rejects.toMatchObject({ code: 'host_refused' });
  await expect(mcp.listTools({ url: 'http://mcp.example.com/mcp', token: null })).rejects.toMatchObject({
    code: 'host_refused',
  });
  await expect(mcp.listTools({ url: `${emulator.url}/nothing`, token: null })).rejects.toMatchObject({
    code: 'provider_rejected',
  });
});

/** A server that speaks just enough of the protocol, and then does what `call` says. */
async function rogue(answer: (method: string) => unknown) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as { id?: number; method: string };
      if (asked.id === undefined) return response.writeHead(202).end();
      const result =
        asked.method === 'initialize'
          ? { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'r', version: '1' } }
          : answer(asked.method);
      if (result === null) return response.destroy();
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = createHttp({ allow: [`127.0.0.1:${port}`], origins: [], userAgent: 'test' });
  return {
    mcp: createMcp(client),
    http: client,
    at: { url: `http://127.0.0.1:${port}/mcp`, token: null },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a call whose answer is lost may have happened, and says so', async () => {
  await using lost = await rogue(() => null);
  await expect(lost.mcp.call(lost.at, 'send', {})).rejects.toMatchObject({ code: 'outcome_unknown' });
  await expect(lost.mcp.listTools(lost.at)).rejects.toMatchObject({ code: 'provider_down' });
});

test('a server that floods, or names too much, is no server', async () => {
  await using flood = await rogue(() => ({ tools: [], padding: 'x'.repeat(5 * 1024 * 1024) }));
  await expect(flood.mcp.listTools(flood.at)).rejects.toMatchObject({ code: 'provider_garbage' });
  const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
  await using many = await rogue(() => ({ tools: Array.from({ length: 101 }, (_, n) => tool(`t${n}`)) }));
  await expect(many.mcp.listTools(many.at)).rejects.toMatchObject({ code: 'provider_garbage' });
  await using twins = await rogue(() => ({ tools: [tool('same'), tool('same')] }));
  await expect(twins.mcp.listTools(twins.at)).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('no check that a server describes runs here: its pattern cannot keep this process busy', async () => {
  const evil = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
  await using slow = await rogue((method) =>
    method === 'tools/list'
      ? { tools: [{ name: 't', inputSchema: { type: 'object' }, outputSchema: evil }] }
      : { content: [], structuredContent: { a: `${'a'.repeat(26)}!` } },
  );
  await using session = await open(slow.http, slow.at, { timeoutMs: 5000, signal: undefined });
  await session.ask((client, options) => client.listTools(undefined, options));
  const answer = session.act((client, options) => client.callTool({ name: 't', arguments: {} }, options));
  await expect(answer).resolves.toMatchObject({ structuredContent: { a: expect.stringMatching(/!$/) } });
});
