import type { AtWork, RunPlan, Undo } from '../../activities/agents/terms.ts';
import type { RunLimits } from '../../ports/agents.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { RunId } from '../../ports/ids.ts';
import { newGuard } from './loop-guard.ts';
import type { Guard } from './loop-guard.ts';
import { createPatience } from './patience.ts';

/** What a run, or one message of a chat, has used of its limits. Money in micro-dollars. */
export type Used = RunLimits;

/** A part that another agent made for this one. */
export interface Delegated {
  agentId: string;
  runId: RunId;
  reply: ContentRef;
}

/** All that a run must know to go on: carried through continue-as-new, so it stays below 32 KB. */
export interface LoopState {
  pinId: string;
  models: number;
  modelIndex: number;
  /** When another model than the first was turned to (ms since 1970); null: the first one is asked. */
  turnedAt: number | null;
  /** The next model turn. Counted over a whole chat: the journal knows each turn by it. */
  step: number;
  /** What the model is shown: messages `floor … upto-1`. */
  floor: number;
  upto: number;
  /** The assistant's message whose calls do not all have their result yet. */
  open: number | null;
  limits: RunLimits;
  used: Used;
  guard: Guard;
  repairs: number;
  /** Turns in a row with a call that could not be understood. */
  unread: number;
  flagged: boolean;
  crowded: boolean;
  paused: boolean;
  /** What people said meanwhile, not yet shown to the model. */
  staged: ContentRef[];
  undo: Undo[];
  delegated: Delegated[];
}

export type Waiting = 'people' | 'quota' | 'auth' | 'provider' | 'paused';

/** A run at work. `state` is changed in place, so that after a cancellation it says what was done. */
export interface Loop {
  readonly at: Omit<AtWork, 'pinId'>;
  state: LoopState;
  /** False until a plan was adopted. */
  planned: boolean;
  /** Counts whatever may end a wait: a resume, a raised limit or budget, another model, a new key. */
  nudges: number;
  waiting: Waiting | null;
  /** It has come to its end: what people say to it would be heard by nobody. */
  over: boolean;
  /** How long it waits for a model that can be asked. */
  readonly waitMaxMs: number;
  readonly patiently: ReturnType<typeof createPatience>;
  /** Tells an end of a step to those who follow the run's operation, where it has one. */
  readonly tell: Tell;
}

type Facts = Record<string, string | number | boolean | null>;
type Tell = (step: string, message: string, facts: Facts) => Promise<void>;

export interface LoopOptions {
  /** That of the run before. */
  state?: LoopState | undefined;
  waitMaxMs?: number;
  tell?: Tell;
}

const WAIT_MAX_MS = 7 * 86_400_000;
const NOTHING: Used = { steps: 0, toolCalls: 0, tokens: 0, micros: 0 };

const blank = (): LoopState => ({
  ...{ pinId: '', models: 0, modelIndex: 0, turnedAt: null },
  ...{ step: 0, floor: 1, upto: 0, open: null },
  ...{ limits: { ...NOTHING }, used: { ...NOTHING }, guard: newGuard(), repairs: 0, unread: 0 },
  ...{ flagged: false, crowded: false, paused: false, staged: [], undo: [], delegated: [] },
});

const silent: Tell = async () => undefined;

/** At the beginning of a workflow, before its first await: from then on people may steer it. */
export const openLoop = (
  at: Omit<AtWork, 'pinId'>,
  { state, waitMaxMs = WAIT_MAX_MS, tell = silent }: LoopOptions = {},
): Loop => ({
  ...{ at, state: state ?? blank(), planned: state !== undefined },
  ...{ nudges: 0, waiting: null, over: false, waitMaxMs, patiently: createPatience(), tell },
});

/** Takes a plan in: the first of a run; of a chat, each time when its agent was pinned anew. */
export const adopt = (loop: Loop, { pin, models, limits, upto, flagged }: RunPlan): void => {
  const { state } = loop;
  Object.assign(state, { pinId: pin.id, models, limits, modelIndex: 0, turnedAt: null });
  state.upto = Math.max(state.upto, upto);
  state.flagged ||= flagged;
  loop.planned = true;
  loop.nudges += 1;
};

/** A chat's next message: what counts for one message begins anew. */
export const nextMessage = ({ state }: Loop): void => {
  Object.assign(state, { used: { ...NOTHING }, guard: newGuard(), repairs: 0, unread: 0, undo: [], delegated: [] });
};

/** As the activities of a run are told whose work it is. */
export const atWork = ({ at, state }: Loop): AtWork => ({
  ...at,
  pinId: state.pinId,
  ...(state.flagged && { flagged: true }),
});

/** What the run may still use; nothing below zero. */
export const left = ({ limits, used }: LoopState): RunLimits => ({
  steps: Math.max(0, limits.steps - used.steps),
  toolCalls: Math.max(0, limits.toolCalls - used.toolCalls),
  tokens: Math.max(0, limits.tokens - used.tokens),
  micros: Math.max(0, limits.micros - used.micros),
});

export const use = ({ used }: LoopState, more: Partial<Used>): void => {
  used.steps += more.steps ?? 0;
  used.toolCalls += more.toolCalls ?? 0;
  used.tokens += more.tokens ?? 0;
  used.micros += more.micros ?? 0;
};
