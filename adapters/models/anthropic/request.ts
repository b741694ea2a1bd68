import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
} from '@anthropic-ai/sdk/resources/messages';
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import type { ModelMessage, ModelRequest } from '../../../ports/models.ts';
import { infoOf } from '../capabilities.ts';

/** A text of nothing, or of white space alone, is refused. */
const EMPTY = '(empty)';
const isBlank = (text: string) => text.trim() === '';
const said = (text: string) => (isBlank(text) ? EMPTY : text);

export function messagesBody({ model, messages, tools, reply, maxTokens }: ModelRequest): MessageCreateParamsStreaming {
  const { outputTokensMax } = infoOf(model);
  const leading = messages.findIndex(({ role }) => role !== 'system');
  const system = messages
    .slice(0, leading < 0 ? messages.length : leading)
    .map(({ content }) => content)
    .filter((content) => !isBlank(content));
  const rest = leading < 0 ? [] : messages.slice(leading);
  return {
    model: model.model,
    max_tokens: Math.min(maxTokens, outputTokensMax ?? maxTokens),
    ...(system.length > 0 && { system: system.join('\n\n') }),
    messages: turns(rest),
    // Every step of a run reads again what the one before read: kept there, it costs a fraction.
    cache_control: { type: 'ephemeral' },
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        name,
        description,
        input_schema: { type: 'object' as const, ...parameters },
      })),
    }),
    ...(reply && {
      output_config: {
        format: { type: 'json_schema' as const, schema: transformJSONSchema(reply.schema) },
      },
    }),
    stream: true,
  };
}

/** Turns of both sides alternate here, and the results of a turn's calls stand together right after it. */
function turns(messages: ModelMessage[]): MessageParam[] {
  const out: (MessageParam & { content: ContentBlockParam[] })[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = out.at(-1);
    const blocks = blocksOf(message);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) out.push({ role, content: blocks });
  }
  if (out[0]?.role !== 'user') out.unshift({ role: 'user', content: [{ type: 'text', text: EMPTY }] });
  return out;
}

function blocksOf(message: ModelMessage): ContentBlockParam[] {
  switch (message.role) {
    case 'system':
    case 'user':
      return [{ type: 'text', text: said(message.content) }];
    case 'tool':
      return [{ type: 'tool_result', tool_use_id: message.toolCallId, content: said(message.content) }];
    case 'assistant':
      // With thoughts in it a turn goes back just as it came, signatures and order. A copy: more may be added to the turn.
      if (message.kept?.provider === 'anthropic') {
        const blocks = message.kept.blocks as ContentBlockParam[];
        return blocks.filter((block) => block.type !== 'text' || !isBlank(block.text));
      }
      return [
        ...(isBlank(message.content) ? [] : [{ type: 'text' as const, text: message.content }]),
        ...message.toolCalls.map((call) => ({
          type: 'tool_use' as const,
          id: call.id,
          name: call.name,
          input: inputOf(call.arguments),
        })),
      ];
  }
}

/** What another model wrote need not be an object; why it was refused stands in the call's result. */
function inputOf(text: string): Record<string, unknown> {
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>;
  } catch {
    // Told below.
  }
  return { unreadable: text };
}
