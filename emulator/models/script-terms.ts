import type { Asked, Finish, Usage } from './conversation.ts';

/**
 * How a call goes wrong, each in its vendor's own words. `rate` says when to come again, `quota` does not; `cut` breaks
 * the answer off in the middle, `error-event` ends it with an error after its 200; `slow` answers after `ms`; `hang`
 * never answers; `reset` cuts the connection before a word is said.
 */
export const MODEL_FAULTS = [
  ...(['rate', 'quota', 'overloaded', 'server', 'overflow', 'auth', 'bad', 'filter'] as const),
  ...(['cut', 'slow', 'error-event', 'hang', 'reset'] as const),
];
export type ModelFaultKind = (typeof MODEL_FAULTS)[number];

export interface ModelFault {
  kind: ModelFaultKind;
  /** How many requests it hits; 1 unless said. */
  times?: number | 'always';
  /** Seconds as a number; a string goes out as it is, such as an HTTP date. */
  retryAfter?: number | string;
  /** The header that counts in milliseconds. */
  retryAfterMs?: number;
  /** Only at this vendor: the others answer. */
  provider?: string;
  /** The error's code in place of the vendor's usual one. */
  code?: string;
  ms?: number;
}

export interface ScriptedTurn {
  text?: string;
  /** Said as JSON, in place of `text`. */
  json?: unknown;
  /** `arguments` as a string goes out as it is, valid or not. */
  calls?: { name: string; arguments: unknown }[];
  finish?: Finish;
  usage?: Partial<Usage>;
  /** In this order, before the turn is answered. Counted for the turn, whoever asks. */
  faults?: ModelFault[];
  /** Of the last turn: it is said for ever. */
  repeat?: boolean;
  /** Before the first byte. */
  delayMs?: number;
  /** Between two pieces of the stream. */
  pieceDelayMs?: number;
  /** A regular expression. Such a turn is not counted: it is said whenever the last message fits. */
  when?: string;
}

/** A turn, or what makes one of what was asked; as the last one, it is asked for ever. Only within the process. */
export type TurnGiven = ScriptedTurn | ((asked: Asked, step: number) => ScriptedTurn);

/** One request for a scripted conversation. */
export interface ModelCall {
  provider: string;
  model: string;
  /** Null: no script was named, and the honest model answered. */
  script: string | null;
  step: number;
  /** `answered`: the vendor did the work, and has it paid. */
  kind: 'answered' | ModelFaultKind;
  key: string;
  at: string;
  /** When the last byte was given out; null while it is not, and for ever when the caller went before. */
  finishedAt: string | null;
}

export interface ModelsControl {
  /**
   * A conversation whose messages hold `[[script:name]]` (the last such mark counts) is answered by `turns[k]`, `k` being
   * the number of the model's own messages after that mark: nothing is kept between two requests, so that concurrent
   * runs and retries each get theirs. `{{step}}` in texts and arguments stands for `k`.
   */
  script: (name: string, turns: TurnGiven[]) => void;
  /** Requests for it, oldest first; without a name, all. */
  calls: (name?: string) => ModelCall[];
  /** The bodies of its requests, as received, oldest first; without a name, all. Old ones are forgotten. */
  prompts: (name?: string) => string[];
  /** From now on this key is refused everywhere, or taken again. A key is any text that begins with `emulator`. */
  refuse: (key: string, refused?: boolean) => void;
}
