import { Fault, isFault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { toolsHashOf } from '../../ports/mcp.ts';
import type { KeptMcpServer, McpTool } from '../../ports/mcp.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import { DEFAULT_ASK } from '../../ports/tools.ts';
import { mended, refusal } from './answers.ts';
import { AUTO } from './declare.ts';
import { isNamed, mcpToolName } from './mcp-names.ts';
import { shownTool, wrongBySchema } from './mcp-schemas.ts';
import type { ToolFamily } from './toolbox.ts';

const FAMILY = 'mcp';
const ANSWER_CHARS_MAX = 8000;

/** A server that does not answer now may answer when it is called. */
const AWAY = ['provider_down', 'provider_garbage', 'provider_rejected', 'credential_rejected', 'host_refused'] as const;

type Needs = Pick<Ports, 'mcp' | 'mcpServers' | 'secrets' | 'hash'>;

/** `mcp_<server>_<tool>`: tools of servers that the tenant added, as long as they are those that it agreed to. */
export const mcpTools = ({ mcp, mcpServers, secrets, hash }: Needs): ToolFamily => {
  const reach = async ({ url, vaultPath }: KeptMcpServer) => {
    const token = vaultPath === null ? null : ((await secrets.read(vaultPath))?.values['token'] ?? null);
    return { url, token };
  };

  /** None once the server shows another list than was agreed to: what it says of itself now, nobody has read. */
  const agreed = async (tenantId: TenantId, server: KeptMcpServer): Promise<McpTool[]> => {
    if (server.changedAt !== null) return [];
    try {
      const shown = await mcp.listTools(await reach(server));
      if (toolsHashOf(hash, shown) !== server.toolsHash) {
        await mcpServers.markChanged(tenantId, server.id);
        return [];
      }
    } catch (error) {
      if (!isFault(error, ...AWAY)) throw error;
    }
    return server.tools.filter(({ name }) => server.included?.includes(name) ?? true);
  };

  const pinned = (server: KeptMcpServer, tool: McpTool): PinnedTool => ({
    ...{ name: mcpToolName(hash, server.name, tool.name), route: 'activity', external: true },
    ...shownTool(tool),
    effect: tool.readOnly ? 'read' : 'irreversible',
    consent: tool.readOnly ? AUTO : { kind: 'ask', policy: DEFAULT_ASK },
    of: { family: FAMILY, serverId: server.id, tool: tool.name, toolsHash: server.toolsHash },
  });

  return {
    family: FAMILY,
    async pin(tenantId, names) {
      const wanted = names.filter((name) => name.startsWith('mcp_'));
      if (wanted.length === 0) return [];
      const servers = (await mcpServers.list(tenantId)).filter(({ name }) =>
        wanted.some((each) => each.startsWith(`mcp_${name}_`)),
      );
      const all = await Promise.all(
        servers.map(async (server) => (await agreed(tenantId, server)).map((tool) => ({ server, tool }))),
      );
      return all
        .flat()
        .map(({ server, tool }) => ({ server, tool: pinned(server, tool) }))
        .flatMap(({ server, tool }) => (isNamed(wanted, server.name, tool.name) ? [tool] : []));
    },
    check: ({ parameters }, input) => wrongBySchema(parameters, input),
    async run({ at: { tenantId }, tool, input, signal }) {
      const { serverId = '', tool: name = '', toolsHash } = tool.of;
      try {
        const server = await mcpServers.get(tenantId, serverId);
        if (server.toolsHash !== toolsHash || server.changedAt !== null)
          throw new Fault('conflict', `The tools of ${server.name} are not those any more that this run began with.`);
        const { ok, content } = await mcp.call(await reach(server), name, input, signal);
        const short = content.slice(0, ANSWER_CHARS_MAX);
        const left = content.length - short.length;
        return { ok, content: left > 0 ? `${short}… (${left} more characters)` : short };
      } catch (error) {
        // Whoever only read may be told; of a write that may have happened, people find out.
        const away = tool.effect === 'read' ? ([...AWAY, 'outcome_unknown'] as const) : AWAY;
        if (isFault(error, ...away)) return { ok: false, content: refusal(error.message) };
        return { ok: false, content: mended(error) };
      }
    },
  };
};
