import { list, record } from '../../http.ts';
import type { Asked, Message, ToolCall } from '../../models/conversation.ts';
import { thinksAlways, MODELS } from './models.ts';
import { isSigned } from './thinking.ts';

export interface MessagesRequest extends Asked {
  stream: boolean;
}

export interface Refused {
  status: 400 | 404;
  message: string;
}

type Fields = Record<string, unknown>;

const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
/** Since this version, a sampling parameter is a 400 even at its default. */
const WITHOUT_SAMPLING = '2026-10-21';

/** The request understood, or what the vendor would say against it. */
export function readMessagesRequest(body: unknown, version: string): MessagesRequest | Refused {
  const given = record(body);
  const { model, max_tokens: limit } = given;
  if (typeof model !== 'string' || model === '') return refused('model: Field required');
  if (!Number.isInteger(limit) || (limit as number) < 1) return refused('max_tokens: Field required');
  if (!MODELS.includes(model)) return { status: 404, message: `model: ${model}` };
  const sampling = ['temperature', 'top_p', 'top_k'].find((name) => name in given);
  if (sampling && (version >= WITHOUT_SAMPLING || thinksAlways(model))) {
    return refused(`${sampling}: this parameter is not supported in version ${version}`);
  }
  const turns = list(given['messages']).map(record);
  const problem = conversationProblem(turns, model) ?? toolsProblem(list(given['tools']).map(record));
  if (problem) return refused(problem);

  const choice = record(given['tool_choice']);
  if (thinksAlways(model) && ['any', 'tool'].includes(String(choice['type']))) {
    return refused('tool_choice: forced tool use is not supported with this model');
  }
  const format = record(record(given['output_config'])['format']);
  const system = textOf(given['system']);
  return {
    provider: 'anthropic',
    model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', text: system, toolCalls: [] }]),
      ...turns.flatMap(messagesOf),
    ],
    tools: list(given['tools'])
      .map(record)
      .map(({ name, input_schema: schema }) => ({ name: name as string, parameters: record(schema) })),
    toolChoice: CHOICES[String(choice['type'])] ?? (choice['name'] as string | undefined) ?? 'auto',
    parallel: choice['disable_parallel_tool_use'] !== true,
    ...(format['type'] === 'json_schema' ? { schema: { name: '', schema: record(format['schema']) } } : {}),
    stream: given['stream'] === true,
  };
}

const CHOICES: Record<string, string> = { auto: 'auto', any: 'required', none: 'none' };
const refused = (message: string): Refused => ({ status: 400, message });

const blocksOf = (content: unknown): Fields[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : list(content).map(record);

const textOf = (content: unknown): string =>
  blocksOf(content)
    .map(({ type, text }) => (type === 'text' && typeof text === 'string' ? text : ''))
    .filter((text) => text !== '')
    .join('\n');

const callsOf = (content: unknown): ToolCall[] =>
  blocksOf(content)
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({ id: String(id), name: String(name), arguments: JSON.stringify(input) }));

/** One of its turns may be several of ours: results of tools, then a word of the user. */
function messagesOf({ role, content }: Fields): Message[] {
  if (role === 'assistant') return [{ role, text: textOf(content), toolCalls: callsOf(content) }];
  const results = blocksOf(content)
    .filter(({ type }) => type === 'tool_result')
    .map((block) => ({
      role: 'tool',
      text: textOf(block['content']),
      toolCalls: [],
      toolCallId: String(block['tool_use_id']),
    }));
  const text = textOf(content);
  return [...results, ...(text === '' && results.length > 0 ? [] : [{ role: 'user', text, toolCalls: [] }])];
}

function conversationProblem(turns: Fields[], model: string): string | undefined {
  if (turns.length === 0) return 'messages: at least one message is required';
  if (turns[0]?.['role'] !== 'user') return 'messages: first message must use the "user" role';
  let open: string[] = [];
  for (const [at, { role, content }] of turns.entries()) {
    if (role !== 'user' && role !== 'assistant') return `messages.${at}.role: Input should be 'user' or 'assistant'`;
    const blocks = blocksOf(content);
    if (blocks.length === 0) return `messages.${at}: content must not be empty`;
    if (blocks.some(({ type, text }) => type === 'text' && String(text).trim() === '')) {
      return `messages.${at}: text content blocks must contain non-whitespace text`;
    }
    const answered = blocks.filter(({ type }) => type === 'tool_result').map(({ tool_use_id: id }) => String(id));
    const missing = open.filter((id) => !answered.includes(id));
    if (missing.length > 0) {
      return `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}`;
    }
    const stray = answered.find((id) => !open.includes(id));
    if (stray) return `messages.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}`;
    open = role === 'assistant' ? callsOf(content).map(({ id }) => id) : [];
    const wrong = role === 'assistant' ? thoughtsProblem(blocks, model) : undefined;
    if (wrong) return `messages.${at}: ${wrong}`;
  }
  if (open.length > 0) return 'messages: `tool_use` ids were found without `tool_result` blocks at the end';
  // An answer that was begun for it is refused by those that think first.
  return thinksAlways(model) && turns.at(-1)?.['role'] === 'assistant'
    ? 'messages: this model does not support assistant message prefill'
    : undefined;
}

/** Thoughts come back as they were given, signature included, with the calls that followed them. */
function thoughtsProblem(blocks: Fields[], model: string): string | undefined {
  const thoughts = blocks.filter(({ type }) => type === 'thinking');
  if (thoughts.some((block) => !isSigned(block))) return 'Invalid `signature` in `thinking` block';
  const ours = blocks.some(({ type, id }) => type === 'tool_use' && String(id).startsWith('toolu_think'));
  return ours && thinksAlways(model) && thoughts.length === 0
    ? 'Expected `thinking` or `redacted_thinking`, but found `tool_use`'
    : undefined;
}

const toolsProblem = (tools: Fields[]): string | undefined =>
  tools
    .map(({ name, input_schema: schema }, at) => {
      if (typeof name !== 'string' || !NAME.test(name)) return `tools.${at}.name: String should match ${NAME.source}`;
      return record(schema)['type'] === 'object'
        ? undefined
        : `tools.${at}.input_schema.type: Input should be 'object'`;
    })
    .find((problem) => problem !== undefined);
