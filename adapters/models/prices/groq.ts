import type { PriceTable } from './table.ts';

/** From litellm 1.109.1’s table, which names the vendor’s own page: list prices. A third party’s word: check before anybody is billed by it. */
export const GROQ_PRICES: PriceTable = {
  date: '2026-11-21',
  models: {
    'openai/gpt-oss-120b': { input: 0.15, output: 0.6, cacheRead: 0.075, context: 131_072, outputMax: 65_536 },
    'openai/gpt-oss-20b': { input: 0.075, output: 0.3, cacheRead: 0.0375, context: 131_072, outputMax: 65_536 },
    'openai/gpt-oss-safeguard-20b': {
      input: 0.075,
      output: 0.3,
      cacheRead: 0.037,
      context: 131_072,
      outputMax: 65_536,
    },
    'qwen/qwen3.8-27b': { input: 0.8, output: 4, context: 131_072, outputMax: 16_384 },
    'meta-llama/llama-prompt-guard-2-86m': { input: 0.04, output: 0.04, context: 512, outputMax: 512 },
    'meta-llama/llama-prompt-guard-2-22m': { input: 0.03, output: 0.03, context: 512, outputMax: 512 },
  },
};
