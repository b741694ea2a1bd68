import { z } from 'zod';
import type { TenantId } from './ids.ts';

/** Who serves models. Also the name of the service under which a tenant keeps a key of its own. */
export const PROVIDERS = ['openai', 'anthropic', 'google-ai', 'azure-openai', 'groq', 'openrouter'] as const;
export const Provider = z.enum(PROVIDERS).meta({ id: 'ModelProvider' });
export type Provider = z.infer<typeof Provider>;

/** One model of one provider. */
export const ModelRef = z
  .strictObject({ provider: Provider, model: z.string().trim().min(1).max(200) })
  .meta({ id: 'ModelRef' });
export type ModelRef = z.infer<typeof ModelRef>;

export interface ToolCall {
  id: string;
  name: string;
  /** JSON as the model wrote it: checked by the tool, never trusted. */
  arguments: string;
}

export type ModelMessage =
  | { role: 'system' | 'user'; content: string }
  | {
      role: 'assistant';
      content: string;
      toolCalls: ToolCall[];
      /** The provider's own blocks (thoughts with their signatures), which it wants back unchanged; of that provider alone. */
      kept?: { provider: Provider; blocks: unknown } | undefined;
    }
  | { role: 'tool'; toolCallId: string; content: string };

export interface ModelRequest {
  /** Whose key is used: the tenant's own, else the platform's where the tenant's plan allows it. */
  tenantId: TenantId;
  model: ModelRef;
  messages: ModelMessage[];
  tools: { name: string; description: string; parameters: Record<string, unknown> }[];
  /** The shape that the final answer must have, as JSON Schema. */
  reply: { name: string; schema: Record<string, unknown> } | null;
  temperature: number;
  maxTokens: number;
}

/** The provider's own count of one call, in one form for all. */
export interface TokenUsage {
  /** All that was read, from a cache and into one included. */
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  /** All that was written, thoughts included. */
  outputTokens: number;
  reasoningTokens: number;
}

/** `filter`: the provider cut the answer out of it. None of these is an error. */
export type Finish = 'stop' | 'tool' | 'length' | 'refusal' | 'filter';

export interface ModelAnswer {
  content: string;
  toolCalls: ToolCall[];
  kept?: { provider: Provider; blocks: unknown } | undefined;
  finish: Finish;
  /** Who answered: `model` as the provider names it. */
  model: ModelRef;
  usage: TokenUsage;
  /** Micro-dollars, by the provider's own arithmetic. Of an unpriced model by the dearest price known: unknown is never free. */
  costMicros: number;
  priced: boolean;
  keyOwner: 'tenant' | 'platform';
  /** The provider's name for this call, for its support; null when it gave none. */
  requestId: string | null;
  firstTokenMs: number;
  tookMs: number;
}

/** What is known of a model. An unknown one has no price and is taken to do everything, and its provider's word decides. */
export const ModelInfo = z
  .strictObject({
    ref: ModelRef,
    known: z.boolean(),
    tools: z.boolean(),
    jsonSchema: z.boolean(),
    temperature: z.boolean(),
    contextTokens: z.int().nullable(),
    outputTokensMax: z.int().nullable(),
    /** Dollars per million tokens, and the day on which the provider said so; null: not known. */
    price: z
      .strictObject({ date: z.iso.date(), input: z.number(), output: z.number(), cacheRead: z.number().nullable() })
      .nullable(),
    /** The day on which the provider switches it off. */
    shutdown: z.iso.date().nullable(),
  })
  .meta({ id: 'ModelInfo' });
export type ModelInfo = z.infer<typeof ModelInfo>;

/**
 * Whether a tenant can use a provider, and by whose key. `rejected`: its own, which the provider does not take. `not_allowed`:
 * its plan brings no key of the platform.
 */
export const KeyState = z.enum(['tenant', 'platform', 'rejected', 'not_allowed', 'none']).meta({ id: 'KeyState' });
export type KeyState = z.infer<typeof KeyState>;

/**
 * Access to language models, whoever serves them. Nothing is retried here. Faults: `llm_rate_limited`, `llm_transient` and
 * `llm_quota` (with `retryAfterMs` where it is known), `llm_auth`, `llm_no_key`, `llm_context_overflow`, `llm_bad_request`. A
 * call that failed may have been paid once there was a sign of life, or where the fault's `providerCode` is `timeout` or `cut`.
 */
export interface LlmPort {
  /** One paid call, always streamed. `onText` is given each piece of text as it comes; `onLife` is called whenever something of an answer comes. */
  complete: (
    request: ModelRequest,
    on: { signal: AbortSignal; onText?: (text: string) => void; onLife?: () => void },
  ) => Promise<ModelAnswer>;
  /** Counted here, before the call, never too low by design; what it may cost at most. */
  estimate: (request: ModelRequest) => { inputTokens: number; worstMicros: number };
  info: (ref: ModelRef) => ModelInfo;
  /** All that have a price. */
  models: () => ModelInfo[];
  /** The model that a class of model means in this deployment. */
  default: (modelClass: 'fast' | 'deep') => ModelRef;
  keyState: (tenantId: TenantId, provider: Provider) => Promise<KeyState>;
  /** The provider's own list of models, by the key in `values`: the cheapest real call. `llm_auth` when the key is refused, `credential_forbidden` when it may do something, though not this. */
  listModels: (provider: Provider, values: Record<string, string>) => Promise<string[]>;
}
