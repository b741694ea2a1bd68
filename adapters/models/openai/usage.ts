import { z } from 'zod';
import type { TokenUsage } from '../../../ports/models.ts';

const Count = z.number().nonnegative().catch(0);
/** As servers of this shape count; what one leaves out is nought. */
const Usage = z.object({
  prompt_tokens: z.number().nonnegative(),
  completion_tokens: Count.default(0),
  total_tokens: Count.default(0),
  prompt_tokens_details: z.object({ cached_tokens: Count.optional(), cache_write_tokens: Count.optional() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: Count.optional() }).nullish(),
  is_byok: z.boolean().optional().catch(undefined),
  cost: z.number().nonnegative().optional().catch(undefined),
  cost_details: z
    .object({ upstream_inference_cost: z.number().nonnegative().optional().catch(undefined) })
    .nullish()
    .catch(undefined),
});

export function usageOf(given: unknown): TokenUsage | null {
  const usage = Usage.safeParse(given).data;
  if (!usage) return null;
  const { prompt_tokens: inputTokens, prompt_tokens_details: read, completion_tokens_details: written } = usage;
  // Google leaves thoughts out of what was written, though they are billed: the total has them.
  const outputTokens = Math.max(usage.completion_tokens, usage.total_tokens - inputTokens);
  return {
    inputTokens,
    cachedTokens: read?.cached_tokens ?? 0,
    cacheWriteTokens: read?.cache_write_tokens ?? 0,
    outputTokens,
    reasoningTokens: written?.reasoning_tokens ?? outputTokens - usage.completion_tokens,
  };
}

/** OpenRouter's own word, with what the provider behind it took where a key of one's own lies there. */
export function dollarsOf(given: unknown): number | null {
  const usage = Usage.safeParse(given).data;
  if (usage?.cost === undefined) return null;
  return usage.cost + (usage.is_byok === true ? (usage.cost_details?.upstream_inference_cost ?? 0) : 0);
}
