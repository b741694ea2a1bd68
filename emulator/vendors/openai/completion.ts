import { json, type Reply } from '../../http.ts';
import { pieces, usageOf, type Finish, type ToolCall, type Turn } from '../../models/conversation.ts';
import type { ChatRequest } from './chat-request.ts';
import type { Dialect } from './dialect.ts';

export interface Frame {
  id: string;
  created: number;
  headers: Record<string, string>;
  promptCharacters: number;
  dialect: Dialect;
}

const FINISH: Record<Finish, string> = {
  stop: 'stop',
  tool: 'tool_calls',
  length: 'length',
  // A refusal is told in a field of the message.
  refusal: 'stop',
  filter: 'content_filter',
};

/** The turn in the vendor's form, whole or as a stream; `spoiltBy` is an error that ends it after half of its pieces. */
export const completion = (request: ChatRequest, turn: Turn, frame: Frame, spoiltBy?: unknown): Reply =>
  request.stream ? streamed(request, turn, frame, spoiltBy) : whole(request, turn, frame, spoiltBy);

const toolCall = ({ id, name, arguments: text }: ToolCall, at: number, { dialect: { signature } }: Frame) => ({
  id,
  type: 'function',
  function: { name, arguments: text },
  ...(signature && at === 0 ? { extra_content: { google: { thought_signature: signature.value } } } : {}),
});

const usageIn = (turn: Turn, { dialect, promptCharacters }: Frame) => dialect.usage(usageOf(turn, promptCharacters));

function whole(request: ChatRequest, turn: Turn, frame: Frame, spoiltBy?: unknown): Reply {
  if (spoiltBy !== undefined) return json(200, spoiltBy, frame.headers);
  const refused = turn.finish === 'refusal';
  const message = {
    role: 'assistant',
    content: refused ? null : turn.text,
    refusal: refused ? turn.text : null,
    ...(turn.toolCalls.length > 0 ? { tool_calls: turn.toolCalls.map((call, at) => toolCall(call, at, frame)) } : {}),
  };
  return json(
    200,
    {
      id: frame.id,
      object: 'chat.completion',
      created: frame.created,
      model: request.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH[turn.finish] }],
      usage: usageIn(turn, frame),
    },
    frame.headers,
  );
}

function streamed(request: ChatRequest, turn: Turn, frame: Frame, spoiltBy?: unknown): Reply {
  const { model, includeUsage } = request;
  const { opening = [], annotation, usageAlsoIn, wholeCalls } = frame.dialect;
  const event = (fields: Record<string, unknown>) => {
    const common = { id: frame.id, object: 'chat.completion.chunk', created: frame.created, model };
    return `data: ${JSON.stringify({ ...common, ...(includeUsage ? { usage: null } : {}), ...fields })}\n\n`;
  };
  const delta = (given: Record<string, unknown>, finishReason: string | null = null, more = {}) =>
    event({ choices: [{ index: 0, delta: given, logprobs: null, finish_reason: finishReason }], ...more });

  const calls = turn.toolCalls.flatMap((call, index) =>
    wholeCalls
      ? [delta({ tool_calls: [toolCall(call, index, frame)] })]
      : [
          delta({ tool_calls: [{ index, ...toolCall({ ...call, arguments: '' }, index, frame) }] }),
          ...pieces(call.arguments).map((text) => delta({ tool_calls: [{ index, function: { arguments: text } }] })),
        ],
  );
  const field = turn.finish === 'refusal' ? 'refusal' : 'content';
  const said = [
    delta({ role: 'assistant', content: turn.text === null ? null : '', refusal: null }),
    ...pieces(turn.text ?? '').map((text) => delta({ [field]: text })),
    ...calls,
  ];
  const also = usageAlsoIn ? { [usageAlsoIn]: { id: frame.id, usage: usageIn(turn, frame) } } : {};
  const end = [
    delta({}, FINISH[turn.finish], also),
    ...(annotation === undefined ? [] : [annotation]),
    ...(includeUsage ? [event({ choices: [], usage: usageIn(turn, frame) })] : []),
    'data: [DONE]\n\n',
  ];
  const spoilt = [...said.slice(0, Math.ceil(said.length / 2)), `data: ${JSON.stringify(spoiltBy)}\n\n`];
  return {
    status: 200,
    headers: { ...frame.headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    chunks: [...opening, ...(spoiltBy === undefined ? [...said, ...end] : spoilt)],
  };
}
