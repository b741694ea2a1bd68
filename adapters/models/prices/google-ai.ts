import type { PriceTable } from './table.ts';

/** From litellm 1.109.1’s table, which names the vendor’s own page: the paid tier, text. A third party’s word: check before anybody is billed by it. */
export const GOOGLE_AI_PRICES: PriceTable = {
  date: '2026-11-21',
  models: {
    'gemini-4-argon': { input: 2, output: 10, cacheRead: 0.1, context: 1_048_576, outputMax: 1_048_576 },
    'gemini-3.8-flash': { input: 0.75, output: 3.75, cacheRead: 0.075, context: 1_048_576, outputMax: 65_536 },
    'gemini-3.7-flash': { input: 0.75, output: 3.75, cacheRead: 0.075, context: 1_048_576, outputMax: 65_536 },
    'gemini-3.6-flash': { input: 0.75, output: 3.75, cacheRead: 0.075, context: 1_048_576, outputMax: 65_536 },
    'gemini-3.5-flash': { input: 1.5, output: 9, cacheRead: 0.15, context: 1_048_576, outputMax: 65_536 },
    'gemini-3.5-flash-lite': { input: 0.3, output: 2.5, cacheRead: 0.03, context: 1_048_576, outputMax: 65_536 },
    'gemini-3.1-pro-preview': {
      input: 2,
      output: 12,
      cacheRead: 0.2,
      long: { above: 200_000, input: 4, output: 18, cacheRead: 0.4 },
      context: 1_048_576,
      outputMax: 65_536,
    },
    'gemini-3.1-flash-lite': {
      input: 0.25,
      output: 1.5,
      cacheRead: 0.025,
      context: 1_048_576,
      outputMax: 65_536,
      shutdown: '2027-05-07',
    },
    'gemini-3-flash-preview': { input: 0.5, output: 3, cacheRead: 0.05, context: 1_048_576, outputMax: 65_536 },
    'gemini-2.5-pro': {
      input: 1.25,
      output: 10,
      cacheRead: 0.125,
      long: { above: 200_000, input: 2.5, output: 15, cacheRead: 0.25 },
      context: 1_048_576,
      outputMax: 65_536,
    },
    'gemini-2.5-flash': { input: 0.3, output: 2.5, cacheRead: 0.03, context: 1_048_576, outputMax: 65_536 },
    'gemini-2.5-flash-lite': { input: 0.1, output: 0.4, cacheRead: 0.01, context: 1_048_576, outputMax: 65_536 },
    'gemini-pro-latest': {
      input: 2,
      output: 12,
      cacheRead: 0.2,
      long: { above: 200_000, input: 4, output: 18, cacheRead: 0.4 },
      context: 1_048_576,
      outputMax: 65_536,
    },
    'gemini-flash-latest': { input: 0.75, output: 3.75, cacheRead: 0.075, context: 1_048_576, outputMax: 65_536 },
    'gemini-flash-lite-latest': { input: 0.3, output: 2.5, cacheRead: 0.03, context: 1_048_576, outputMax: 65_536 },
  },
};
