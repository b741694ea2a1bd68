import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { Fault } from '../../../ports/errors.ts';
import type { Finish, ToolCall } from '../../../ports/models.ts';
import { brokeOff } from '../door.ts';
import type { Collected, Hearing } from '../door.ts';
import { usageOf, dollarsOf } from './usage.ts';

/** Of what the library says is always there, servers of this shape leave out one thing or the other. */
type Chunk = Omit<ChatCompletionChunk, 'choices'> & { choices?: Choice[] | null; x_groq?: { usage?: unknown } };
interface Choice {
  delta?: { content?: string | null; refusal?: string | null; tool_calls?: Piece[] | null } | null;
  finish_reason?: string | null;
}
interface Piece {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | null } | null;
  extra_content?: unknown;
}
interface Slot {
  index: number;
  call: ToolCall;
  extra: unknown;
}

/** What of an answer, or of a prompt, the provider cut out: Google says of each for what. */
const FILTERED = /^(content_filter|prohibited_content|(image_)?safety|recitation|blocklist|spii)/i;
/** Google's models now and then write a call that Google cannot read. */
const UNREADABLE = /^function_call_filter|malformed_function_call/i;

/** Puts an answer together from its pieces. A stream that stops before its end is no answer: what it cost is not known. */
export async function collect(
  stream: AsyncIterable<Chunk>,
  asked: string,
  { onText, onFirst }: Hearing,
): Promise<Collected> {
  const slots: Slot[] = [];
  let content = '';
  let refusal = '';
  let model = asked;
  let id: string | null = null;
  let finish: string | null = null;
  let chosen = false;
  let used: unknown = null;

  for await (const chunk of stream) {
    model = chunk.model || model;
    id ??= chunk.id || null;
    used = usageIn(chunk) ?? used;
    const choice = chunk.choices?.[0];
    if (!choice) continue;
    // A choice without one says something about the answer, and nothing of it.
    chosen ||= Boolean(choice.delta);
    const { content: text, refusal: no, tool_calls } = choice.delta ?? {};
    const pieces = tool_calls ?? [];
    if (text || no || pieces.length > 0) onFirst();
    if (text) onText(text);
    content += text ?? '';
    refusal += no ?? '';
    for (const piece of pieces) gather(slots, piece);
    finish = choice.finish_reason ?? finish;
  }
  // A prompt that was blocked is answered by nothing at all but its price.
  if (finish === null && !chosen && used !== null) finish = 'content_filter';
  if (finish === null || finish === 'error') throw brokeOff();

  if (UNREADABLE.test(finish)) {
    const told = 'the model wrote a call that its provider could not read; another try is another answer';
    throw new Fault('llm_transient', told, { providerCode: 'malformed_function_call' });
  }

  slots.sort((a, b) => a.index - b.index);
  const toolCalls = slots.map(({ call }) => call);
  const extras = slots.filter(({ extra }) => extra !== undefined).map(({ call, extra }) => [call.id, extra]);
  return {
    content: refusal === '' ? content : refusal,
    toolCalls,
    kept: extras.length > 0 ? Object.fromEntries(extras) : undefined,
    finish: refusal === '' ? finishOf(finish, toolCalls.length > 0) : 'refusal',
    model,
    usage: usageOf(used),
    dollars: dollarsOf(used),
    id,
  };
}

/** Groq says it under a name of its own where nobody asked. */
const usageIn = (chunk: Chunk): unknown => chunk.usage ?? chunk.x_groq?.usage ?? null;

/** Id and name come once, arguments in fragments. */
function gather(slots: Slot[], piece: Piece): void {
  const slot = slotOf(slots, piece);
  const { call } = slot;
  call.id ||= piece.id ?? '';
  call.name ||= piece.function?.name ?? '';
  call.arguments += piece.function?.arguments ?? '';
  slot.extra = piece.extra_content ?? slot.extra;
}

/** Calls made at once are told apart by their index, and where that is left out, or the same for all, by their id. */
function slotOf(slots: Slot[], piece: Piece): Slot {
  const index = piece.index ?? slots.at(-1)?.index ?? 0;
  const open = slots.findLast((slot) => slot.index === index);
  const isAnother = piece.id
    ? open?.call.id !== '' && open?.call.id !== piece.id
    : piece.index == null && Boolean(piece.function?.name);
  if (open && !isAnother) return open;
  const slot = { index, call: { id: '', name: '', arguments: '' }, extra: undefined };
  slots.push(slot);
  return slot;
}

function finishOf(reason: string, calls: boolean): Finish {
  if (reason === 'length') return 'length';
  if (FILTERED.test(reason)) return 'filter';
  // Some servers say `stop` although they call tools; a reason that is not known yet ends an answer like any other.
  return calls ? 'tool' : 'stop';
}
