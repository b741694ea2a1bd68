import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';
import type { Finish, TokenUsage, ToolCall } from '../../../ports/models.ts';
import { brokeOff } from '../door.ts';
import type { Collected, Hearing } from '../door.ts';

/** One block as it grows; `json` holds a call's arguments as they were written. */
interface Block {
  kept: Record<string, unknown>;
  json: string;
}

const Count = z.number().nonnegative().nullish().catch(null);
const Usage = z.object({
  input_tokens: Count,
  output_tokens: Count,
  cache_read_input_tokens: Count,
  cache_creation_input_tokens: Count,
  output_tokens_details: z.object({ thinking_tokens: Count }).nullish().catch(null),
});
type Usage = z.infer<typeof Usage>;

/** Puts an answer together from its events. A stream that stops before its end is no answer. */
export async function collect(
  stream: AsyncIterable<RawMessageStreamEvent>,
  asked: string,
  { onText, onFirst }: Hearing,
): Promise<Collected> {
  const blocks: Block[] = [];
  let model = asked;
  let id: string | null = null;
  let reason: string | null = null;
  let ended = false;
  let used: Partial<Usage> = {};

  for await (const event of stream) {
    switch (event.type) {
      case 'message_start':
        ({ model, id } = event.message);
        used = told(used, event.message.usage);
        break;
      case 'content_block_start':
        blocks[event.index] = { kept: { ...event.content_block }, json: '' };
        if (event.content_block.type === 'tool_use') onFirst();
        break;
      case 'content_block_delta': {
        onFirst();
        const block = blocks[event.index];
        if (event.delta.type === 'text_delta') onText(event.delta.text);
        if (block) grow(block, event.delta as unknown as Record<string, unknown>);
        break;
      }
      case 'message_delta':
        reason = event.delta.stop_reason ?? reason;
        // Sums so far, not additions.
        used = told(used, event.usage);
        break;
      case 'message_stop':
        ended = true;
        break;
      // Nor does an event that is not known yet say what must be heard.
      case 'content_block_stop':
      default:
    }
  }
  if (!ended || reason === null) throw brokeOff();

  const whole = blocks.filter(Boolean);
  const toolCalls = whole.filter(({ kept }) => kept.type === 'tool_use').map(callOf);
  const thinks = whole.some(({ kept }) => kept.type === 'thinking' || kept.type === 'redacted_thinking');
  return {
    content: whole.map(({ kept }) => (kept.type === 'text' ? String(kept.text) : '')).join(''),
    toolCalls,
    kept: thinks ? whole.map(blockOf) : undefined,
    finish: finishOf(reason, toolCalls.length > 0),
    model,
    usage: usageOf(used),
    dollars: null,
    id,
  };
}

const told = (before: Partial<Usage>, given: unknown): Partial<Usage> => {
  const usage = Usage.safeParse(given).data ?? {};
  return { ...before, ...Object.fromEntries(Object.entries(usage).filter(([, value]) => value != null)) };
};

/** Each kind of piece lengthens the field of its own name; a signature comes whole. */
function grow(block: Block, delta: Record<string, unknown>): void {
  if (delta.type === 'input_json_delta') block.json += String(delta.partial_json);
  for (const name of ['text', 'thinking', 'signature']) {
    const [before, more] = [block.kept[name], delta[name]];
    if (typeof more === 'string') block.kept[name] = typeof before === 'string' ? before + more : more;
  }
}

const callOf = ({ kept, json }: Block): ToolCall => ({
  id: String(kept.id),
  name: String(kept.name),
  arguments: json === '' ? JSON.stringify(kept.input ?? {}) : json,
});

function blockOf({ kept, json }: Block): Record<string, unknown> {
  if (kept.type !== 'tool_use' || json === '') return kept;
  try {
    return { ...kept, input: JSON.parse(json) as unknown };
  } catch {
    return { ...kept, input: { unreadable: json } };
  }
}

function usageOf(used: Partial<Usage>): TokenUsage | null {
  if (used.input_tokens == null || used.output_tokens == null) return null;
  const cachedTokens = used.cache_read_input_tokens ?? 0;
  const cacheWriteTokens = used.cache_creation_input_tokens ?? 0;
  return {
    // Told apart from both kinds of cache here, unlike elsewhere.
    inputTokens: used.input_tokens + cachedTokens + cacheWriteTokens,
    cachedTokens,
    cacheWriteTokens,
    outputTokens: used.output_tokens,
    reasoningTokens: used.output_tokens_details?.thinking_tokens ?? 0,
  };
}

function finishOf(reason: string, calls: boolean): Finish {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length';
  if (reason === 'refusal') return 'refusal';
  return calls ? 'tool' : 'stop';
}
