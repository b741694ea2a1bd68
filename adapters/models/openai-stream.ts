import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { Fault } from '../../ports/errors.ts';
import type { ModelAnswer, ToolCall } from '../../ports/models.ts';

type Choice = ChatCompletionChunk['choices'][number];

/** Puts an answer together from its pieces. A stream that stops before its end is no answer: what it cost is not known. */
export async function collect(stream: AsyncIterable<ChatCompletionChunk>, asked: string): Promise<ModelAnswer> {
  const calls = new Map<number, ToolCall>();
  let content = '';
  let refusal = '';
  let model = asked;
  let finish: Choice['finish_reason'] = null;
  let usage = { inputTokens: 0, outputTokens: 0 };

  for await (const chunk of stream) {
    model = chunk.model || model;
    if (chunk.usage) usage = { inputTokens: chunk.usage.prompt_tokens, outputTokens: chunk.usage.completion_tokens };
    const choice = chunk.choices[0];
    if (!choice) continue;
    content += choice.delta.content ?? '';
    refusal += choice.delta.refusal ?? '';
    for (const piece of choice.delta.tool_calls ?? []) gather(calls, piece);
    finish = choice.finish_reason ?? finish;
  }
  if (finish === null) throw new Fault('llm_transient', 'the model’s answer broke off');

  const toolCalls = [...calls].sort(([a], [b]) => a - b).map(([, call]) => call);
  return {
    content: refusal === '' ? content : refusal,
    toolCalls,
    finish: refusal === '' ? finishOf(finish, toolCalls.length > 0) : 'refusal',
    model,
    usage,
  };
}

/** Id and name come once, arguments in fragments; calls made at once are told apart by their index. */
function gather(calls: Map<number, ToolCall>, piece: NonNullable<Choice['delta']['tool_calls']>[number]): void {
  const call = calls.get(piece.index) ?? { id: '', name: '', arguments: '' };
  call.id ||= piece.id ?? '';
  call.name ||= piece.function?.name ?? '';
  call.arguments += piece.function?.arguments ?? '';
  calls.set(piece.index, call);
}

function finishOf(reason: NonNullable<Choice['finish_reason']>, calls: boolean): ModelAnswer['finish'] {
  switch (reason) {
    case 'length':
      return 'length';
    case 'content_filter':
      return 'refusal';
    case 'stop':
    case 'tool_calls':
    case 'function_call':
      // Some servers say `stop` although they call tools.
      return calls ? 'tool' : 'stop';
  }
}
