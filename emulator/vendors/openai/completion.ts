import { json, type Reply } from '../../http.ts';
import type { ChatRequest } from './chat-request.ts';
import type { Turn } from './scripted-model.ts';

const PIECE = 24;

interface Frame {
  id: string;
  created: number;
  headers: Record<string, string>;
  promptCharacters: number;
}

/** The turn in the vendor's form, whole or as a stream. */
export const completion = (request: ChatRequest, turn: Turn, frame: Frame): Reply =>
  request.stream ? streamed(request, turn, frame) : whole(request, turn, frame);

const toolCall = ({ id, name, arguments: text }: Turn['toolCalls'][number]) => ({
  id,
  type: 'function',
  function: { name, arguments: text },
});

function whole({ model }: ChatRequest, turn: Turn, frame: Frame): Reply {
  const message = {
    role: 'assistant',
    content: turn.text,
    refusal: null,
    ...(turn.toolCalls.length > 0 ? { tool_calls: turn.toolCalls.map(toolCall) } : {}),
  };
  return json(
    200,
    {
      id: frame.id,
      object: 'chat.completion',
      created: frame.created,
      model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: turn.finishReason }],
      usage: usage(turn, frame),
    },
    frame.headers,
  );
}

function streamed({ model, includeUsage }: ChatRequest, turn: Turn, frame: Frame): Reply {
  const event = (fields: Record<string, unknown>) => {
    const common = { id: frame.id, object: 'chat.completion.chunk', created: frame.created, model };
    return `data: ${JSON.stringify({ ...common, ...(includeUsage ? { usage: null } : {}), ...fields })}\n\n`;
  };
  const delta = (given: Record<string, unknown>, finishReason: string | null = null) =>
    event({ choices: [{ index: 0, delta: given, logprobs: null, finish_reason: finishReason }] });

  const calls = turn.toolCalls.flatMap((call, index) => [
    delta({ tool_calls: [{ index, ...toolCall({ ...call, arguments: '' }) }] }),
    ...pieces(call.arguments).map((text) => delta({ tool_calls: [{ index, function: { arguments: text } }] })),
  ]);
  return {
    status: 200,
    headers: { ...frame.headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    chunks: [
      delta({ role: 'assistant', content: turn.text === null ? null : '', refusal: null }),
      ...pieces(turn.text ?? '').map((content) => delta({ content })),
      ...calls,
      delta({}, turn.finishReason),
      ...(includeUsage ? [event({ choices: [], usage: usage(turn, frame) })] : []),
      'data: [DONE]\n\n',
    ],
  };
}

/** By code points, so that no emoji is cut in two. */
function pieces(text: string): string[] {
  const points = [...text];
  const count = Math.ceil(points.length / PIECE);
  return Array.from({ length: count }, (_, index) => points.slice(index * PIECE, (index + 1) * PIECE).join(''));
}

/** Four characters a token, near enough for budgets and sums. */
function usage({ text, toolCalls }: Turn, { promptCharacters }: Frame) {
  const said = (text ?? '').length + toolCalls.reduce((sum, call) => sum + call.name.length + call.arguments.length, 0);
  const prompt = Math.max(1, Math.ceil(promptCharacters / 4));
  const completed = Math.max(1, Math.ceil(said / 4));
  return {
    prompt_tokens: prompt,
    completion_tokens: completed,
    total_tokens: prompt + completed,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}
