import { json, type Reply } from '../../http.ts';
import { pieces, usageOf, type Finish, type Turn } from '../../models/conversation.ts';
import type { MessagesRequest } from './messages-request.ts';
import { thinksAlways } from './models.ts';
import { thought } from './thinking.ts';

interface Frame {
  id: string;
  promptCharacters: number;
  headers: Record<string, string>;
}

const STOP: Record<Finish, string> = {
  stop: 'end_turn',
  tool: 'tool_use',
  length: 'max_tokens',
  refusal: 'refusal',
  // What others filter, this vendor calls a refusal.
  filter: 'refusal',
};

/** The turn in the vendor's form, whole or as a stream; `spoiltBy` is an error that ends it after half of its events. */
export function message(request: MessagesRequest, turn: Turn, frame: Frame, spoiltBy?: unknown): Reply {
  const blocks = contentOf(request, turn);
  const usage = usageIn(turn, frame);
  const whole = {
    id: frame.id,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: blocks,
    stop_reason: STOP[turn.finish],
    stop_sequence: null,
    stop_details: null,
    container: null,
    usage,
  };
  if (!request.stream) return json(200, spoiltBy ?? whole, frame.headers);

  const begun = { ...whole, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const ending = { stop_reason: whole.stop_reason, stop_sequence: null, stop_details: null, container: null };
  const said = [
    event('message_start', { message: begun }),
    event('ping', {}),
    ...blocks.flatMap((block, index) => [
      event('content_block_start', { index, content_block: begunOf(block) }),
      ...deltasOf(block, turn).map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ]),
  ];
  const end = [
    // Cumulative: the last one counts.
    event('message_delta', { delta: ending, usage: { ...usage, server_tool_use: null } }),
    event('message_stop', {}),
  ];
  const spoilt = [...said.slice(0, Math.ceil(said.length / 2)), `event: error\ndata: ${JSON.stringify(spoiltBy)}\n\n`];
  return {
    status: 200,
    headers: { ...frame.headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    chunks: spoiltBy === undefined ? [...said, ...end] : spoilt,
  };
}

const event = (type: string, fields: Record<string, unknown>): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

type Block = { type: string } & Record<string, unknown>;

function contentOf({ model }: MessagesRequest, { text, toolCalls }: Turn): Block[] {
  return [
    ...(thinksAlways(model) ? [thought()] : []),
    ...(text === null || text === '' ? [] : [{ type: 'text', text, citations: null }]),
    ...toolCalls.map(({ id, name, arguments: args }) => ({ type: 'tool_use', id, name, input: objectOf(args) })),
  ];
}

/** A block as it begins in a stream: empty. */
function begunOf(block: Block): Block {
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
}

function deltasOf({ type, id, text, thinking, signature }: Block, { toolCalls }: Turn): Block[] {
  if (type === 'thinking') {
    return [
      ...pieces(String(thinking)).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature },
    ];
  }
  if (type === 'text') return pieces(String(text)).map((piece) => ({ type: 'text_delta', text: piece }));
  // As the model wrote it, be it JSON or not; nothing at all stands for {}.
  const written = toolCalls.find((call) => call.id === id)?.arguments ?? '';
  return pieces(written === '{}' ? '' : written).map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
}

function objectOf(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return {};
  }
}

/** What was read from a cache and into it is not in `input_tokens`. */
function usageIn(turn: Turn, { promptCharacters }: Frame) {
  const { input, cached, cacheWrite, output, reasoning } = usageOf(turn, promptCharacters);
  return {
    input_tokens: input - cached - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cached,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { thinking_tokens: reasoning },
    service_tier: 'standard',
  };
}
