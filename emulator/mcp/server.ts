import { randomUUID } from 'node:crypto';
import { json, jsonBody, record, tokenIn, type Call, type Handler, type Reply } from '../http.ts';
import { LATEST, PROTOCOLS, resultOf, failure, type Rpc } from './rpc.ts';
import { DEFAULT_TOOLS, type McpTool } from './tools.ts';

/** What a test does with one server of tools behind our back. */
export interface McpControl {
  /** Another list of tools, from the next question on. */
  tools: (tools: McpTool[]) => void;
  /** What is asked for as a bearer; null: nothing. `emulated-mcp` unless said. */
  token: (token: string | null) => void;
  /** What this tool answers from now on. */
  says: (tool: string, text: string, isError?: boolean) => void;
  /** Calls that did something, oldest first: those of every tool that does not only read. */
  effects: () => { tool: string; input: Record<string, unknown> }[];
  /** All calls, those that only read included. */
  calls: () => { tool: string; input: Record<string, unknown> }[];
}

export interface McpServer {
  handle: Handler;
  control: McpControl;
}

const PAGE = 2;
const SSE = 'text/event-stream';

/** One server of the Model Context Protocol over streamable HTTP, with sessions, and its list of tools in pages. */
export function createMcpServer(name: string): McpServer {
  const sessions = new Set<string>();
  const answers = new Map<string, { text: string; isError: boolean }>();
  const calls: { tool: string; input: Record<string, unknown>; effect: boolean }[] = [];
  let tools = DEFAULT_TOOLS;
  let token: string | null = 'emulated-mcp';

  const call = ({ name: tool, arguments: given }: Record<string, unknown>): Rpc => {
    const found = tools.find((one) => one.name === tool);
    if (!found) return failure(-32_602, `Unknown tool: ${String(tool)}`);
    const input = record(given);
    const missing = found.inputSchema.required?.filter((field) => !(field in input)) ?? [];
    if (missing.length > 0) return said(`Invalid arguments: ${missing.join(', ')} is missing`, true);
    calls.push({ tool: found.name, input, effect: found.annotations?.readOnlyHint !== true });
    const told = answers.get(found.name);
    if (told) return said(told.text, told.isError);
    return found.name === 'lookup'
      ? said(`What is known of ${String(input['topic'])}: it is in good order.`)
      : said(JSON.stringify({ done: found.name, id: `effect-${effects().length}` }));
  };
  const effects = () => calls.filter(({ effect }) => effect).map(({ tool, input }) => ({ tool, input }));

  const answer = (method: string, params: Record<string, unknown>): Rpc => {
    switch (method) {
      case 'initialize': {
        const asked = String(params['protocolVersion']);
        return resultOf({
          protocolVersion: PROTOCOLS.includes(asked) ? asked : LATEST,
          capabilities: { tools: { listChanged: false } },
          serverInfo: { name: `emulated-${name}`, version: '1.0.0' },
        });
      }
      case 'ping':
        return resultOf({});
      case 'tools/list': {
        const from = Number(params['cursor'] ?? 0);
        const page = tools.slice(from, from + PAGE);
        const next = from + PAGE < tools.length ? { nextCursor: String(from + PAGE) } : {};
        return resultOf({ tools: page, ...next });
      }
      case 'tools/call':
        return call(params);
      default:
        return failure(-32_601, 'Method not found');
    }
  };

  const post = (received: Call): Reply => {
    const accept = received.headers.accept ?? '';
    if (!accept.includes('application/json') || !accept.includes(SSE)) {
      return refused(406, 'Not Acceptable: Client must accept both application/json and text/event-stream');
    }
    const { id, method, params } = record(jsonBody(received));
    if (typeof method !== 'string') return refused(400, 'Parse error', -32_700);
    const begins = method === 'initialize';
    const [session = ''] = [received.headers['mcp-session-id']].flat();
    if (!begins && session === '') return refused(400, 'Bad Request: Mcp-Session-Id header is required');
    if (!begins && !sessions.has(session)) return refused(404, 'Session not found', -32_001);
    // A notification wants no answer.
    if (id === undefined) return { status: 202 };

    const reply = { jsonrpc: '2.0', id, ...answer(method, record(params)) };
    const opened = begins ? randomUUID() : session;
    if (begins) sessions.add(opened);
    const headers = { 'mcp-session-id': opened };
    if (method !== 'tools/call') return json(200, reply, headers);
    // Either form may come, and a client takes both.
    const chunks = [`event: message\ndata: ${JSON.stringify(reply)}\n\n`];
    return { status: 200, headers: { ...headers, 'content-type': SSE }, chunks };
  };

  return {
    handle(received) {
      if (token !== null && tokenIn(received, 'Bearer') !== token) {
        return json(401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' });
      }
      if (received.method === 'POST') return post(received);
      if (received.method === 'DELETE') {
        sessions.delete([received.headers['mcp-session-id']].flat()[0] ?? '');
        return { status: 204 };
      }
      // It has nothing to say unasked.
      return refused(405, 'Method not allowed.');
    },
    control: {
      tools: (given) => void (tools = given),
      token: (given) => void (token = given),
      says: (tool, text, isError = false) => void answers.set(tool, { text, isError }),
      effects,
      calls: () => calls.map(({ tool, input }) => ({ tool, input })),
    },
  };
}

const said = (text: string, isError = false): Rpc => resultOf({ content: [{ type: 'text', text }], isError });

const refused = (status: number, message: string, code = -32_000): Reply =>
  json(status, { jsonrpc: '2.0', error: { code, message }, id: null });
