export type Schema = Record<string, unknown>;

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

export interface Message {
  role: string;
  text: string;
  toolCalls: ToolCall[];
  toolCallId?: string;
}

/** What a model is asked, whatever form its vendor wants it in. */
export interface Asked {
  /** The name that the vendor is mounted under. */
  provider: string;
  model: string;
  messages: Message[];
  tools: { name: string; parameters: Schema }[];
  /** none, auto, required, or the name of the one tool to call. */
  toolChoice: string;
  parallel: boolean;
  /** Undefined when the answer may be any text; `{}` when any JSON object will do. */
  schema?: { name: string; schema: Schema };
}

export type Finish = 'stop' | 'tool' | 'length' | 'refusal' | 'filter';

/** In one form for all: `input` is all that was read, `output` all that was written. Each vendor spells it in its own arithmetic. */
export interface Usage {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

/** What the model says, before it is spelled in a vendor's form. */
export interface Turn {
  text: string | null;
  toolCalls: ToolCall[];
  finish: Finish;
  usage?: Partial<Usage>;
}

/** Four characters a token, near enough for budgets and sums; what is given wins. */
export function usageOf({ text, toolCalls, usage }: Turn, promptCharacters: number): Usage {
  const said = (text ?? '').length + toolCalls.reduce((sum, call) => sum + call.name.length + call.arguments.length, 0);
  const counted = { input: tokens(promptCharacters), cached: 0, cacheWrite: 0, output: tokens(said), reasoning: 0 };
  return { ...counted, ...usage };
}

const tokens = (characters: number): number => Math.max(1, Math.ceil(characters / 4));

const PIECE = 24;

/** A text as it streams: by code points, so that no emoji is cut in two. */
export function pieces(text: string): string[] {
  const points = [...text];
  const count = Math.ceil(points.length / PIECE);
  return Array.from({ length: count }, (_, index) => points.slice(index * PIECE, (index + 1) * PIECE).join(''));
}
