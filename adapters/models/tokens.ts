import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as Encodings from 'gpt-tokenizer/encoding/o200k_base';
import type { ModelMessage, ModelRequest } from '../../ports/models.ts';
import { costMicros, guessedPrice, priceOf } from './pricing.ts';
import { SPECS } from './providers/index.ts';

/** Runs of one sign take the counter time by the square of their length, so that text is counted in pieces. */
const PIECE = 500;
/** Counted sooner than looked up. */
const SHORT = 30;
const PER_MESSAGE = 8;
const PER_TOOL = 16;
const PER_REQUEST = 16;

type Encoding = typeof Encodings;
let encoding: Encoding | undefined;
/** Loaded when first counted: its table is megabytes that most processes and tests never need. */
const count: Encoding['countTokens'] = (text, options) => {
  encoding ??= createRequire(import.meta.url)('gpt-tokenizer/encoding/o200k_base') as Encoding;
  return encoding.countTokens(text, options);
};

// Text may hold what stands for a model's own signs; here it is text.
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/**
 * Counts of texts by their hash: every step of a run sends again what the one before sent, and a hash is many times quicker
 * than a count. No text is held.
 */
const counts = new Map<string, number>();
const COUNTS_MAX = 20_000;

export function countTokens(text: string): number {
  if (text.length <= SHORT) return count(text, AS_TEXT);
  const name = hash('sha256', text);
  const known = counts.get(name);
  if (known !== undefined) return known;
  let tokens = 0;
  for (let at = 0; at < text.length; at += PIECE) tokens += count(text.slice(at, at + PIECE), AS_TEXT);
  counts.set(name, tokens);
  const [oldest] = counts.keys();
  if (counts.size > COUNTS_MAX && oldest !== undefined) counts.delete(oldest);
  return tokens;
}

const textOf = (message: ModelMessage): string =>
  message.role === 'assistant'
    ? [
        message.content,
        ...message.toolCalls.map((call) => `${call.id} ${call.name} ${call.arguments}`),
        message.kept ? JSON.stringify(message.kept.blocks) : '',
      ].join('\n')
    : message.content;

/** What a request will be counted as, rather too high than too low, and what its call may cost at most. */
export function estimate({ model, messages, tools, reply, maxTokens }: ModelRequest) {
  const counted =
    messages.reduce((sum, message) => sum + PER_MESSAGE + countTokens(textOf(message)), PER_REQUEST) +
    tools.reduce((sum, tool) => sum + PER_TOOL + countTokens(JSON.stringify(tool)), 0) +
    (reply ? countTokens(JSON.stringify(reply)) : 0);
  const inputTokens = Math.ceil(counted * SPECS[model.provider].tokenFactor);
  const price = priceOf(model) ?? guessedPrice(model);
  // Where writing to the provider's cache is dearer than reading anew, all may be written.
  const isWriteDearer = (price.cacheWrite ?? 0) > price.input;
  const worstMicros = costMicros(price, {
    inputTokens,
    cachedTokens: 0,
    cacheWriteTokens: isWriteDearer ? inputTokens : 0,
    outputTokens: maxTokens,
    reasoningTokens: 0,
  });
  return { inputTokens, worstMicros };
}
