import OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import { Fault } from '../../ports/errors.ts';
import type { LlmPort, ModelAnswer, ModelRequest } from '../../ports/models.ts';
import type { HttpClient } from '../http/client.ts';
import { llmFault } from './openai-errors.ts';
import { collect } from './openai-stream.ts';

export interface OpenaiOptions {
  /** Any endpoint that speaks OpenAI's chat completions, with its `/v1`. */
  baseUrl: string;
  apiKey: string | null;
  models: Record<'fast' | 'deep', string>;
  /** For one whole answer, the stream included. */
  timeoutMs: number;
  /** The guarded client's. */
  fetch: HttpClient['fetch'];
}

// These models think first; they take no temperature.
const REASONING = /^(o\d|gpt-5|gpt-[6-9])/;

export function openaiModels({ baseUrl, apiKey, models, timeoutMs, fetch }: OpenaiOptions): LlmPort {
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey ?? 'none',
    // Named, or the library would take them from the environment.
    organization: null,
    project: null,
    logLevel: 'off',
    // Retries are the activity's: it knows error classes and budgets.
    maxRetries: 0,
    timeout: timeoutMs,
    fetch,
  });

  return {
    model: (modelClass) => models[modelClass],
    async complete(request, signal): Promise<ModelAnswer> {
      if (apiKey === null) throw new Fault('llm_auth', 'no key for a model provider is set: set LLM_API_KEY');
      const deadline = AbortSignal.timeout(timeoutMs);
      const both = AbortSignal.any([signal, deadline]);
      try {
        const stream = await client.chat.completions.create(body(request), { signal: both });
        return await collect(untilAborted(stream, both), request.model);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (deadline.aborted) throw new Fault('llm_transient', `the model did not finish within ${timeoutMs / 1000} s`);
        throw llmFault(error);
      }
    },
  };
}

/** The library ends an aborted stream without an error; half an answer must not pass for a whole one. */
async function* untilAborted(stream: AsyncIterable<ChatCompletionChunk>, signal: AbortSignal) {
  for await (const chunk of stream) yield chunk;
  signal.throwIfAborted();
}

function body({
  model,
  messages,
  tools,
  reply,
  temperature,
  maxTokens,
}: ModelRequest): ChatCompletionCreateParamsStreaming {
  return {
    model,
    messages: messages.map(message),
    max_completion_tokens: maxTokens,
    ...(!REASONING.test(model) && { temperature }),
    ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: 'function' as const, function: tool })) }),
    ...(reply && {
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

function message(given: ModelRequest['messages'][number]): ChatCompletionCreateParamsStreaming['messages'][number] {
  switch (given.role) {
    case 'system':
    case 'user':
      return { role: given.role, content: given.content };
    case 'tool':
      return { role: 'tool', tool_call_id: given.toolCallId, content: given.content };
    case 'assistant':
      return {
        role: 'assistant',
        content: given.content,
        // An empty list is refused.
        ...(given.toolCalls.length > 0 && {
          tool_calls: given.toolCalls.map(({ id, name, arguments: args }) => ({
            id,
            type: 'function' as const,
            function: { name, arguments: args },
          })),
        }),
      };
  }
}
