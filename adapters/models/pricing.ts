import type { ModelRef, Provider, TokenUsage } from '../../ports/models.ts';
import type { ModelPrice } from './prices/table.ts';
import { SPECS } from './providers/index.ts';

/** Snapshots cost what their model costs: a day, or a number, at the end of the name. */
const SNAPSHOT = /-(\d{4}-\d{2}-\d{2}|\d{8}|\d{3})$/;

/** The price of a model or of a snapshot of it; null: not known. */
export function priceOf({ provider, model }: ModelRef): ModelPrice | null {
  const models = SPECS[provider].prices?.models ?? {};
  const named = model.replace(/^models\//, '');
  for (const name of [named, named.replace(SNAPSHOT, '')]) {
    const price = Object.hasOwn(models, name) ? models[name] : undefined;
    if (price) return price;
  }
  return null;
}

/** Who made what a reseller names author/slug. */
const AUTHORS: Readonly<Record<string, Provider>> = { openai: 'openai', anthropic: 'anthropic', google: 'google-ai' };
const RESELLER_MARGIN = 1.25;

/** What a call is reserved at where the price comes with the answer alone: the author's price with a margin, else the dearest. */
export function guessedPrice({ provider, model }: ModelRef): ModelPrice {
  const [author = '', slug = ''] = model.split('/');
  const made = SPECS[provider].prices === null ? AUTHORS[author] : undefined;
  // Claude's versions are written 5.5 there, and 5-5 by their maker.
  const price =
    made && (priceOf({ provider: made, model: slug }) ?? priceOf({ provider: made, model: slug.replace('.', '-') }));
  if (!price) return DEAREST;
  // Its dearer half counts from the first token on: kept beside it, it would take the margin away above its mark.
  const { long, ...flat } = price;
  const { input, output } = long ?? flat;
  const dearer = Math.max(input, cacheWriteAt(price, input)) * RESELLER_MARGIN;
  return { ...flat, input: dearer, cacheWrite: dearer, output: output * RESELLER_MARGIN };
}

/** Of all that are known, the most that each kind of token costs: what an unknown model is counted at. */
const dearest = (): ModelPrice => {
  const all = Object.values(SPECS).flatMap(({ prices }) => Object.values(prices?.models ?? {}));
  const most = (of: (price: ModelPrice) => number) => Math.max(...all.map(of));
  const input = most((price) => Math.max(price.input, price.long?.input ?? 0, price.cacheWrite ?? 0));
  return {
    input,
    cacheRead: input,
    cacheWrite: input,
    output: most((price) => Math.max(price.output, price.long?.output ?? 0)),
    context: 0,
    outputMax: 0,
  };
};
export const DEAREST = dearest();

/** Writing to the cache is dearer by the same factor whatever is asked for reading. */
const cacheWriteAt = ({ cacheWrite, input: usual }: ModelPrice, input: number): number =>
  ((cacheWrite ?? usual) * input) / usual;

/** Micro-dollars, rounded up. A whole call costs more once it reads more than the model's long-context mark. */
export function costMicros(price: ModelPrice, usage: TokenUsage): number {
  const isLong = price.long !== undefined && usage.inputTokens > price.long.above;
  const { input, output, cacheRead = input } = isLong && price.long ? price.long : price;
  const cacheWrite = cacheWriteAt(price, input);
  const fresh = Math.max(0, usage.inputTokens - usage.cachedTokens - usage.cacheWriteTokens);
  const micros =
    fresh * input + usage.cachedTokens * cacheRead + usage.cacheWriteTokens * cacheWrite + usage.outputTokens * output;
  // Sums of decimals end in …0000001; that is no micro-dollar.
  return Math.ceil(Number(micros.toFixed(6)));
}
