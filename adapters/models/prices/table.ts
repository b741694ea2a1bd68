/** What a model costs, in dollars per million tokens (so micro-dollars per token), and how far it reaches, in tokens. */
export interface ModelPrice {
  input: number;
  output: number;
  /** Absent: as input. */
  cacheRead?: number;
  /** Absent: as input. */
  cacheWrite?: number;
  /** Of the whole call, once more than `above` tokens are read. */
  long?: { above: number; input: number; output: number; cacheRead: number };
  context: number;
  outputMax: number;
  /** The day on which the provider switches it off. */
  shutdown?: string;
}

export interface PriceTable {
  /** The day on which these prices were read. */
  date: string;
  models: Readonly<Record<string, ModelPrice>>;
}
