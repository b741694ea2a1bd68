import { list, record } from '../../http.ts';
import type { Asked, Message } from '../../models/conversation.ts';
import type { Dialect } from './dialect.ts';
import { badRequest, type OpenaiProblem } from './errors.ts';
import { isReasoningModel } from './models.ts';
import { strictnessProblem } from './strict-schema.ts';

export interface ChatRequest extends Asked {
  stream: boolean;
  includeUsage: boolean;
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** The request understood, or the 400 or 404 that the vendor would give. */
export function readChatRequest(
  { provider, models, callId, signature }: Dialect,
  body: unknown,
): ChatRequest | OpenaiProblem {
  const given = record(body);
  const { model } = given;
  if (typeof model !== 'string' || model === '') return badRequest('you must provide a model parameter', 'model');
  if (models && !models.includes(model)) {
    return { status: 404, message: `The model \`${model}\` does not exist.` };
  }
  const unsupported = refusedParameter(provider, model, given);
  if (unsupported) return badRequest(unsupported.message, unsupported.param);
  const messages = list(given['messages']).map(messageOf);
  if (messages.length === 0) return badRequest("[] is too short - 'messages'", 'messages');
  const unanswered = conversationProblem(messages);
  if (unanswered) return badRequest(unanswered, 'messages');

  const unsigned = signature && unsignedCall(list(given['messages']).map(record), model, callId, signature);
  if (unsigned) return badRequest(`Function call \`${unsigned}\` is missing a thought_signature.`);

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
    provider,
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

/** Models that think take one temperature and count their limit under another name. */
function refusedParameter(provider: string, model: string, given: Record<string, unknown>) {
  if (provider === 'groq' && given['n'] !== undefined && given['n'] !== 1) {
    return { param: 'n', message: "'n' : number must be at most 1" };
  }
  if (!['openai', 'azure-openai'].includes(provider) || !isReasoningModel(model)) return undefined;
  if (given['max_tokens'] !== undefined) {
    const message = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    return { param: 'max_tokens', message };
  }
  const { temperature } = given;
  return temperature === undefined || temperature === null || temperature === 1
    ? undefined
    : {
        param: 'temperature',
        message: "Unsupported value: 'temperature' does not support this value with this model.",
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

/** The thought that led to a turn's calls comes back with the first of them, unchanged; calls of other vendors have none. */
function unsignedCall(
  messages: Record<string, unknown>[],
  model: string,
  callId: string,
  { value, wantedBy, placeholder }: NonNullable<Dialect['signature']>,
): string | undefined {
  const lastWord = messages.findLastIndex(({ role }) => role === 'user');
  for (const [at, { tool_calls: calls }] of messages.entries()) {
    const [first] = list(calls).map(record);
    if (!first) continue;
    const signed = record(record(first['extra_content'])['google'])['thought_signature'];
    const isOurs = String(first['id']).startsWith(callId);
    const isWanted = isOurs || (at > lastWord && wantedBy.test(model));
    if (isWanted && signed !== value && (isOurs || signed !== placeholder)) {
      return String(record(first['function'])['name']);
    }
  }
  return undefined;
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
