import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { McpServer, McpTool, toolsHashOf } from '../../ports/mcp.ts';
import type { KeptMcpServer } from '../../ports/mcp.ts';
import { expectedWhenGone, mcpSecretPath } from '../../ports/secrets.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { idFor } from '../start-operation.ts';

const NewServer = z
  .strictObject({
    name: McpServer.shape.name.meta({ description: 'Agents know its tools as `mcp_<name>_<tool>`.' }),
    url: McpServer.shape.url.meta({ description: 'Its streamable HTTP endpoint.' }),
    token: Text.min(1).max(4000).optional().meta({ description: 'Sent as a bearer. Never shown again.' }),
    included: McpServer.shape.included.default(null),
  })
  .meta({ id: 'NewMcpServer' });

const Server = McpServer.extend({
  tools: z.array(McpTool).meta({ description: 'As they were agreed to.' }),
}).meta({ id: 'McpServerWithTools' });

const Shown = z.strictObject({ toolsHash: z.string(), tools: z.array(McpTool) }).meta({ id: 'McpToolsShown' });
const params = z.strictObject({ id: z.uuid() });
const Removed = z.strictObject({ id: z.uuid() }).meta({ id: 'McpServerRemoved' });

const shown = ({ vaultPath: _, ...server }: KeptMcpServer): z.infer<typeof Server> => server;

const refuseLogin = (url: string): void => {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return;
  const message = 'must hold no user name or password; give a token instead';
  throw new Fault('invalid_request', 'The server cannot be reached like this.', { fields: [{ path: 'url', message }] });
};

export const mcpServerRoutes = (deps: ApiDeps): Route[] => {
  const { mcp, mcpServers, secrets, hash } = deps.ports;

  const reach = async ({ url, vaultPath }: KeptMcpServer) => ({
    url,
    token: vaultPath === null ? null : ((await secrets.read(vaultPath))?.values['token'] ?? null),
  });
  const live = async (server: KeptMcpServer) => {
    const tools = await mcp.listTools(await reach(server));
    return { tools, toolsHash: toolsHashOf(hash, tools) };
  };
  const keepToken = async (tenantId: TenantId, id: string, token: string, createdBy: string): Promise<string> => {
    const path = mcpSecretPath(tenantId, id);
    const expected = (await secrets.read(path))?.version ?? (await expectedWhenGone(secrets, path));
    await secrets.put(path, expected, { token }, { class: 'credential', createdBy });
    return path;
  };

  return [
    route({
      method: 'get',
      path: '/mcp-servers',
      summary: 'Servers of tools that agents may be given, with their tools as they were agreed to',
      may: 'manageIntegrations',
      within: 'tenant',
      reply: { status: 200, schema: z.strictObject({ data: z.array(Server), nextCursor: z.null() }) },
      handle: async ({ tenantId }) => ({ data: (await mcpServers.list(tenantId)).map(shown), nextCursor: null }),
    }),
    route({
      method: 'post',
      path: '/mcp-servers',
      summary: 'Add a server of tools: asked for its list first, which is what is agreed to',
      description:
        'When the server shows another list later, none of its tools is used until somebody agrees to that one.',
      may: 'manageIntegrations',
      within: 'tenant',
      body: NewServer,
      reply: { status: 201, schema: Server },
      async handle({ body: { name, url, token, included }, tenantId, principal, onceKey, ctx }) {
        refuseLogin(url);
        const tools = await mcp.listTools({ url, token: token ?? null });
        const id = idFor(onceKey, 'mcp server');
        const vaultPath = token === undefined ? null : await keepToken(tenantId, id, token, principal.userId);
        const toolsHash = toolsHashOf(hash, tools);
        const server = await mcpServers
          .put(tenantId, { id, name, url, included, tools, toolsHash, vaultPath })
          .catch(async (error: unknown) => {
            await secrets.destroy(mcpSecretPath(tenantId, id));
            throw error;
          });
        await auditLine(deps, ctx, tenantId, {
          ...{ actor: principal.userId, action: 'mcp_server.added', resourceType: 'mcp_server', resourceId: id },
          metadata: { name, host: new URL(url).host, toolsHash, tools: tools.length },
        });
        ctx.set('Location', `/api/v1/mcp-servers/${id}/tools`);
        return shown(server);
      },
    }),
    route({
      method: 'get',
      path: '/mcp-servers/:id/tools',
      summary: 'What the server shows now, to compare with what was agreed to',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      reply: { status: 200, schema: Shown },
      handle: async ({ params: { id }, tenantId }) => live(await mcpServers.get(tenantId, id)),
    }),
    route({
      method: 'post',
      path: '/mcp-servers/:id/pin',
      summary: 'Agree to the list of tools that the server shows now, named by its hash',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      body: z.strictObject({ toolsHash: z.string().max(100) }).meta({ id: 'PinMcpServer' }),
      reply: { status: 200, schema: Server },
      async handle({ params: { id }, body, tenantId, principal, ctx }) {
        const server = await mcpServers.get(tenantId, id);
        const { tools, toolsHash } = await live(server);
        if (toolsHash !== body.toolsHash)
          throw new Fault('conflict', 'The server shows another list by now; look at its tools again.');
        // Of the server that was asked: one that was removed meanwhile does not come back.
        const pinned = await mcpServers.pin(tenantId, id, server.toolsHash, { tools, toolsHash });
        await auditLine(deps, ctx, tenantId, {
          ...{ actor: principal.userId, action: 'mcp_server.pinned', resourceType: 'mcp_server', resourceId: id },
          metadata: { name: server.name, toolsHash, before: server.toolsHash },
        });
        return shown(pinned);
      },
    }),
    route({
      method: 'delete',
      path: '/mcp-servers/:id',
      summary: 'Remove a server and its token: no tool of it is called from now on',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      reply: { status: 200, schema: Removed },
      async handle({ params: { id }, tenantId, principal, ctx }) {
        const { name, vaultPath } = await mcpServers.get(tenantId, id);
        await mcpServers.remove(tenantId, id);
        if (vaultPath !== null) await secrets.destroy(vaultPath);
        await auditLine(deps, ctx, tenantId, {
          ...{ actor: principal.userId, action: 'mcp_server.removed', resourceType: 'mcp_server', resourceId: id },
          metadata: { name },
        });
        return { id };
      },
    }),
  ];
};
