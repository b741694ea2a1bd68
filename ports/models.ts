/** Access to language models, whoever serves them. */
export interface ToolCall {
  id: string;
  name: string;
  /** JSON as the model wrote it: checked by the tool, never trusted. */
  arguments: string;
}

export type ModelMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls: ToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string };

export interface ModelRequest {
  model: string;
  messages: ModelMessage[];
  tools: { name: string; description: string; parameters: Record<string, unknown> }[];
  /** The shape that the final answer must have, as JSON Schema. */
  reply: { name: string; schema: Record<string, unknown> } | null;
  temperature: number;
  maxTokens: number;
}

export interface ModelAnswer {
  content: string;
  toolCalls: ToolCall[];
  finish: 'stop' | 'tool' | 'length' | 'refusal';
  model: string;
  usage: { inputTokens: number; outputTokens: number };
}

export interface LlmPort {
  /** One paid call, never retried here. Faults: `llm_rate_limited` (with `retryAfterMs`), `llm_transient`, `llm_quota`, `llm_auth`, `llm_context_overflow`, `llm_bad_request`. */
  complete: (request: ModelRequest, signal: AbortSignal) => Promise<ModelAnswer>;
  /** The model that a class of model means in this deployment. */
  model: (modelClass: 'fast' | 'deep') => string;
}
