import type { McpPort } from '../../ports/mcp.ts';
import type { HttpClient } from '../http/client.ts';
import { open } from './session.ts';
import { textOf, toolsOf } from './shapes.ts';

/** A list of tools is a small thing; a tool may work for a while. */
const LIST_MS = 10_000;
const CALL_MS = 60_000;

/** Servers of tools by the protocol's own client, behind the guard of all tenant-supplied hosts. Each call is a session of its own: nothing is kept of one tenant for another. */
export const createMcp = (http: Pick<HttpClient, 'fetch'>): McpPort => ({
  async listTools(server, signal) {
    await using session = await open(http, server, { timeoutMs: LIST_MS, signal });
    return toolsOf(await session.ask((client, options) => client.listTools(undefined, options)));
  },
  async call(server, tool, input, signal) {
    await using session = await open(http, server, { timeoutMs: CALL_MS, signal });
    return textOf(await session.act((client, options) => client.callTool({ name: tool, arguments: input }, options)));
  },
});
