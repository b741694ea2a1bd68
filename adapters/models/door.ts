import { Fault } from '../../ports/errors.ts';
import type { Finish, ModelRequest, TokenUsage, ToolCall } from '../../ports/models.ts';
import type { HttpClient } from '../http/client.ts';
import type { ProviderSpec } from './providers/spec.ts';

/** What came out of one stream, before it is priced. */
export interface Collected {
  content: string;
  toolCalls: ToolCall[];
  /** The provider's own blocks; undefined: none that it wants back. */
  kept: unknown;
  finish: Finish;
  /** As the provider names it. */
  model: string;
  /** Null: the provider did not say. */
  usage: TokenUsage | null;
  /** What the provider itself says that it cost, in dollars; null: it does not say. */
  dollars: number | null;
  id: string | null;
}

/** What a stream tells while it runs. */
export interface Hearing {
  onText: (text: string) => void;
  /** Of the first piece of an answer, text or not. */
  onFirst: () => void;
}

/** One provider by one key, for one call. */
export interface Door {
  spec: ProviderSpec;
  baseUrl: string;
  apiKey: string;
  fetch: HttpClient['fetch'];
  timeoutMs: number;
}

/** How a family of providers is spoken with. Errors are the library's own. */
export interface Shape {
  ask: (door: Door, request: ModelRequest, hearing: Hearing, signal: AbortSignal) => Promise<Collected>;
  list: (door: Door, signal: AbortSignal) => Promise<string[]>;
}

/** The libraries end an aborted stream without an error; half an answer must not pass for a whole one. */
export async function* untilAborted<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  for await (const piece of stream) yield piece;
  signal.throwIfAborted();
}

/** An answer that stopped before its end: it may have been paid. */
export const brokeOff = (): Fault =>
  new Fault('llm_transient', 'the model’s answer broke off', { providerCode: 'cut' });
