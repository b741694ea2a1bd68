import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { Finish, ToolCall } from '../../../ports/models.ts';
import { brokeOff } from '../door.ts';
import type { Collected, Hearing } from '../door.ts';
import { usageOf, dollarsOf } from './usage.ts';

type Choice = ChatCompletionChunk['choices'][number];
type Piece = NonNullable<Choice['delta']['tool_calls']>[number] & { extra_content?: unknown };

/** Puts an answer together from its pieces. A stream that stops before its end is no answer: what it cost is not known. */
export async function collect(
  stream: AsyncIterable<ChatCompletionChunk>,
  asked: string,
  { onText, onFirst }: Hearing,
): Promise<Collected> {
  const calls = new Map<number, ToolCall>();
  const extras = new Map<number, unknown>();
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
    const choice = chunk.choices[0];
    if (!choice) continue;
    chosen = true;
    const { content: text, refusal: no, tool_calls: pieces = [] } = choice.delta;
    if (text || no || pieces.length > 0) onFirst();
    if (text) onText(text);
    content += text ?? '';
    refusal += no ?? '';
    for (const piece of pieces as Piece[]) {
      gather(calls, piece);
      if (piece.extra_content !== undefined) extras.set(piece.index, piece.extra_content);
    }
    finish = choice.finish_reason ?? finish;
  }
  // A prompt that was blocked is answered by nothing at all but its price.
  if (finish === null && !chosen && used !== null) finish = 'content_filter';
  if (finish === null || finish === 'error') throw brokeOff();

  const toolCalls = [...calls].sort(([a], [b]) => a - b).map(([, call]) => call);
  const kept = Object.fromEntries([...extras].map(([index, extra]) => [calls.get(index)?.id ?? '', extra]));
  return {
    content: refusal === '' ? content : refusal,
    toolCalls,
    kept: extras.size > 0 ? kept : undefined,
    finish: refusal === '' ? finishOf(finish, toolCalls.length > 0) : 'refusal',
    model,
    usage: usageOf(used),
    dollars: dollarsOf(used),
    id,
  };
}

/** Groq says it under a name of its own where nobody asked. */
const usageIn = (chunk: ChatCompletionChunk & { x_groq?: { usage?: unknown } }): unknown =>
  chunk.usage ?? chunk.x_groq?.usage ?? null;

/** Id and name come once, arguments in fragments; calls made at once are told apart by their index. */
function gather(calls: Map<number, ToolCall>, piece: Piece): void {
  const call = calls.get(piece.index) ?? { id: '', name: '', arguments: '' };
  call.id ||= piece.id ?? '';
  call.name ||= piece.function?.name ?? '';
  call.arguments += piece.function?.arguments ?? '';
  calls.set(piece.index, call);
}

function finishOf(reason: string, calls: boolean): Finish {
  if (reason === 'length') return 'length';
  if (reason === 'content_filter') return 'filter';
  // Some servers say `stop` although they call tools; a reason that is not known yet ends an answer like any other.
  return calls ? 'tool' : 'stop';
}
