import { list, record, type Reply } from '../../http.ts';
import { badRequest, openaiError } from './errors.ts';
import { isReasoningModel, MODELS } from './models.ts';
import { strictnessProblem } from './strict-schema.ts';

export type Schema = Record<string, unknown>;

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

export interface Message {
  role: string;
  text: string;
  toolCalls: ToolCall[];
  toolCallId?: string;
}

export interface ChatRequest {
  model: string;
  messages: Message[];
  tools: { name: string; parameters: Schema }[];
  /** none, auto, required, or the name of the one tool to call. */
  toolChoice: string;
  parallel: boolean;
  /** Undefined when the answer may be any text; `{}` when any JSON object will do. */
  schema?: { name: string; schema: Schema };
  stream: boolean;
  includeUsage: boolean;
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** The request understood, or the 400 or 404 that the vendor would give. */
export function readChatRequest(body: unknown): ChatRequest | Reply {
  const given = record(body);
  const { model } = given;
  if (typeof model !== 'string' || model === '') return badRequest('you must provide a model parameter', 'model');
  if (!MODELS.includes(model)) return openaiError({ status: 404, message: `The model \`${model}\` does not exist.` });
  if (given['max_tokens'] !== undefined && isReasoningModel(model)) {
    return badRequest(
      "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
    );
  }
  const messages = list(given['messages']).map(messageOf);
  if (messages.length === 0) return badRequest("[] is too short - 'messages'", 'messages');
  const unanswered = conversationProblem(messages);
  if (unanswered) return badRequest(unanswered, 'messages');

  const tools = list(given['tools']).map((tool) => record(record(tool)['function']));
  const format = record(given['response_format']);
  const asked = record(format['json_schema']);
  const named = [...tools, ...(format['type'] === 'json_schema' ? [asked] : [])];
  if (named.some(({ name }) => typeof name !== 'string' || !NAME.test(name))) {
    return badRequest(`a function or schema name does not match ${NAME.source}`, 'tools');
  }
  for (const { name, strict, parameters, schema } of named) {
    const problem = strict === true ? strictnessProblem(record(schema ?? parameters)) : undefined;
    if (problem) return badRequest(`Invalid schema for '${String(name)}': ${problem}`, 'response_format');
  }
  const choice = given['tool_choice'];
  return {
    model,
    messages,
    tools: tools.map(({ name, parameters }) => ({ name: name as string, parameters: record(parameters) })),
    toolChoice:
      typeof choice === 'string' ? choice : ((record(record(choice)['function'])['name'] as string) ?? 'auto'),
    parallel: given['parallel_tool_calls'] !== false,
    ...(format['type'] === 'json_schema'
      ? { schema: { name: asked['name'] as string, schema: record(asked['schema']) } }
      : {}),
    ...(format['type'] === 'json_object' ? { schema: { name: '', schema: {} } } : {}),
    stream: given['stream'] === true,
    includeUsage: record(given['stream_options'])['include_usage'] === true,
  };
}

function messageOf(value: unknown): Message {
  const { role, content, tool_calls: calls, tool_call_id: answers } = record(value);
  const parts = list(content).map((part) => record(part)['text']);
  return {
    role: typeof role === 'string' ? role : '',
    text: typeof content === 'string' ? content : parts.filter((part) => typeof part === 'string').join('\n'),
    toolCalls: list(calls).map((call) => {
      const { name, arguments: text } = record(record(call)['function']);
      return {
        id: String(record(call)['id']),
        name: String(name),
        arguments: String(text),
      };
    }),
    ...(typeof answers === 'string' ? { toolCallId: answers } : {}),
  };
}

/** Every tool call is answered before anybody speaks again, and nothing answers a call that was not made. */
function conversationProblem(messages: Message[]): string | undefined {
  let open = new Set<string>();
  for (const { role, toolCalls, toolCallId } of messages) {
    if (!['system', 'developer', 'user', 'assistant', 'tool'].includes(role)) return `Invalid role: '${role}'`;
    if (role === 'tool') {
      if (!open.delete(toolCallId ?? ''))
        return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
      continue;
    }
    if (open.size > 0) break;
    open = new Set(toolCalls.map(({ id }) => id));
  }
  const ids = [...open].join(', ');
  return open.size > 0 ? `these tool_call_ids did not have response messages: ${ids}` : undefined;
}
