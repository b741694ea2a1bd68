import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { ModelMessage, ModelRequest } from '../../../ports/models.ts';
import { infoOf, takesReplyBesideTools } from '../capabilities.ts';
import type { ProviderSpec } from '../providers/spec.ts';
import { withShape } from '../shape.ts';

type Body = ChatCompletionCreateParamsStreaming;

/** Google's own placeholder for calls that another model made, documented at its native door. */
const UNSIGNED = { google: { thought_signature: 'skip_thought_signature_validator' } };

export function chatBody(request: ModelRequest, spec: ProviderSpec): Body {
  const { model, tools, reply, temperature, maxTokens } = request;
  const can = infoOf(model);
  const offered = can.tools ? tools : [];
  const isShaped = reply !== null && can.jsonSchema && (offered.length === 0 || takesReplyBesideTools(model));
  const inWords = reply !== null && (!isShaped || spec.dropsShape === true);
  const messages = inWords ? withShape(request.messages, reply) : request.messages;
  const missing = spec.signedCalls?.test(model.model) === true ? UNSIGNED : undefined;
  return {
    ...spec.extraBody?.(model.model),
    model: model.model,
    messages: messages.map((given) => message(given, spec, missing)),
    [spec.maxTokensField]: Math.min(maxTokens, can.outputTokensMax ?? maxTokens),
    ...(can.temperature && { temperature }),
    ...(offered.length > 0 && { tools: offered.map((tool) => ({ type: 'function' as const, function: tool })) }),
    ...(isShaped && {
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: reply.name, schema: reply.schema, strict: true },
      },
    }),
    stream: true,
    // Without this a stream says nothing of what it cost.
    stream_options: { include_usage: true },
  };
}

/** `missing`: what stands in for the signature of a turn's first call where none was kept. */
function message(given: ModelMessage, spec: ProviderSpec, missing: unknown): Body['messages'][number] {
  switch (given.role) {
    case 'system':
    case 'user':
      return { role: given.role, content: given.content };
    case 'tool':
      return { role: 'tool', tool_call_id: given.toolCallId, content: given.content };
    case 'assistant': {
      const kept = given.kept?.provider === spec.id ? (given.kept.blocks as Record<string, unknown>) : {};
      return {
        role: 'assistant',
        content: given.content,
        // An empty list is refused.
        ...(given.toolCalls.length > 0 && {
          tool_calls: given.toolCalls.map(({ id, name, arguments: args }, at) => ({
            id,
            type: 'function' as const,
            function: { name, arguments: args },
            // A signature of the thought that led to the call, wanted back with it.
            ...withExtra(kept[id] ?? (at === 0 ? missing : undefined)),
          })),
        }),
      };
    }
  }
}

const withExtra = (extra: unknown) => (extra === undefined ? {} : { extra_content: extra });
