import type { ModelInfo, ModelRef } from '../../ports/models.ts';
import { priceOf } from './pricing.ts';
import { SPECS } from './providers/index.ts';

const lacks = (pattern: RegExp | undefined, model: string) => pattern?.test(model) ?? false;

export function infoOf(ref: ModelRef): ModelInfo {
  const { without, prices } = SPECS[ref.provider];
  const price = priceOf(ref);
  return {
    ref,
    known: price !== null,
    tools: !lacks(without.tools, ref.model),
    jsonSchema: !lacks(without.jsonSchema, ref.model),
    temperature: !lacks(without.temperature, ref.model),
    contextTokens: price?.context ?? null,
    outputTokensMax: price?.outputMax ?? null,
    price:
      price && prices
        ? { date: prices.date, input: price.input, output: price.output, cacheRead: price.cacheRead ?? null }
        : null,
    shutdown: price?.shutdown ?? null,
  };
}

/** Whether the shape of the reply may be sent in the same request as tools. */
export const takesReplyBesideTools = ({ provider, model }: ModelRef): boolean =>
  !lacks(SPECS[provider].without.jsonSchemaBesideTools, model);

export const pricedModels = (): ModelInfo[] =>
  Object.values(SPECS).flatMap(({ id, prices }) =>
    Object.keys(prices?.models ?? {}).map((model) => infoOf({ provider: id, model })),
  );
