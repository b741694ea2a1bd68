import type { Asked, Message, Turn } from './conversation.ts';
import {
  MODEL_FAULTS,
  type ModelCall,
  type ModelFault,
  type ModelsControl,
  type ScriptedTurn,
  type TurnGiven,
} from './script-terms.ts';

/** What is said to one request: a turn or a fault, and how fast. */
export interface Cue {
  turn: Turn;
  fault: ModelFault | null;
  delayMs: number;
  pieceDelayMs: number;
  call: ModelCall;
}

export interface Scripts {
  control: ModelsControl;
  refuses: (key: string) => boolean;
  /** Null when no script is named; a sentence when one is named that cannot answer. */
  cue: (asked: Asked, prompt: string, key: string, ids: (step: number) => string) => Cue | string | null;
  /** The same for a request that no script answers. */
  unscripted: (asked: Asked, prompt: string, key: string) => ModelCall;
}

const MARK = /\[\[script:([\w.-]+)\]\]/g;
/** Calls carry their turn in their id, so that a conversation cut short to its last messages goes on where it was. */
const STEP_IN_ID = /_k(\d+)_/;
const KEPT_CALLS = 20_000;
const KEPT_BYTES = 48 * 1024 * 1024;

export function createScripts(now: () => number): Scripts {
  const scripts = new Map<string, TurnGiven[]>();
  const hits = new Map<ModelFault, number>();
  const refused = new Set<string>();
  let calls: ModelCall[] = [];
  const prompts: { script: string | null; text: string }[] = [];
  let held = 0;

  const open = (asked: Asked, prompt: string, script: string | null, step: number, key: string): ModelCall => {
    const { provider, model } = asked;
    const at = new Date(now()).toISOString();
    const call: ModelCall = { provider, model, script, step, kind: 'answered', key, at, finishedAt: null };
    calls.push(call);
    if (calls.length > KEPT_CALLS) calls = calls.slice(KEPT_CALLS / 2);
    prompts.push({ script, text: prompt });
    held += prompt.length;
    while (held > KEPT_BYTES && prompts.length > 1) held -= prompts.shift()?.text.length ?? 0;
    return call;
  };

  const faultOf = ({ faults = [] }: ScriptedTurn, provider: string): ModelFault | null => {
    for (const fault of faults) {
      if (fault.provider !== undefined && fault.provider !== provider) continue;
      const hit = hits.get(fault) ?? 0;
      if (fault.times !== 'always' && hit >= (fault.times ?? 1)) continue;
      hits.set(fault, hit + 1);
      return fault;
    }
    return null;
  };

  return {
    refuses: (key) => refused.has(key),
    unscripted: (asked, prompt, key) => open(asked, prompt, null, 0, key),
    cue(asked, prompt, key, ids) {
      const marked = lastMark(asked.messages);
      if (!marked) return null;
      const turns = scripts.get(marked.name);
      if (!turns) return `no script is named ${marked.name}: tell control.models.script first`;
      const step = stepAfter(asked.messages.slice(marked.at + 1));
      const given = turnAt(turns, step, asked);
      if (!given) return `the script ${marked.name} has no turn ${step}`;
      const fault = faultOf(given, asked.provider);
      const call = open(asked, prompt, marked.name, step, key);
      call.kind = fault?.kind ?? 'answered';
      const { delayMs = 0, pieceDelayMs = 0 } = given;
      return { turn: said(given, step, ids), fault, delayMs, pieceDelayMs, call };
    },
    control: {
      script(name, turns) {
        const faults = turns.flatMap((turn) => (typeof turn === 'function' ? [] : (turn.faults ?? [])));
        const wrong = faults.find(({ kind }) => !MODEL_FAULTS.includes(kind));
        if (wrong) throw new Error(`a fault's kind is one of ${MODEL_FAULTS.join(', ')}`);
        scripts.set(name, turns);
      },
      calls: (name) =>
        calls.filter(({ script }) => name === undefined || script === name).map((call) => structuredClone(call)),
      prompts: (name) => prompts.filter(({ script }) => name === undefined || script === name).map(({ text }) => text),
      refuse: (key, isRefused = true) => void (isRefused ? refused.add(key) : refused.delete(key)),
    },
  };
}

function lastMark(messages: Message[]): { name: string; at: number } | null {
  for (const [at, { role, text }] of [...messages.entries()].reverse()) {
    // What the model says itself is no order to it.
    const name = role === 'assistant' ? undefined : [...text.matchAll(MARK)].at(-1)?.[1];
    if (name !== undefined) return { name, at };
  }
  return null;
}

function stepAfter(messages: Message[]): number {
  const own = messages.filter(({ role }) => role === 'assistant');
  const named = own.flatMap(({ toolCalls }) => toolCalls.map(({ id }) => Number(STEP_IN_ID.exec(id)?.[1] ?? -1) + 1));
  return Math.max(own.length, ...named);
}

function turnAt(turns: TurnGiven[], step: number, asked: Asked): ScriptedTurn | undefined {
  const last = asked.messages.at(-1)?.text ?? '';
  const fits = (turn: TurnGiven) => typeof turn !== 'function' && turn.when !== undefined;
  const special = turns.find((turn) => fits(turn) && new RegExp((turn as ScriptedTurn).when ?? '', 's').test(last));
  if (special) return special as ScriptedTurn;
  const counted = turns.filter((turn) => !fits(turn));
  const end = counted.at(-1);
  const given = counted[step] ?? (typeof end === 'function' || end?.repeat ? end : undefined);
  return typeof given === 'function' ? given(asked, step) : given;
}

function said(given: ScriptedTurn, step: number, ids: (step: number) => string): Turn {
  const filled = (text: string) => text.replaceAll('{{step}}', String(step));
  const calls = given.calls ?? [];
  const text = given.json === undefined ? given.text : JSON.stringify(given.json);
  return {
    text: text === undefined ? null : filled(text),
    toolCalls: calls.map(({ name, arguments: args }) => ({
      id: ids(step),
      name,
      arguments: filled(typeof args === 'string' ? args : JSON.stringify(args)),
    })),
    finish: given.finish ?? (calls.length > 0 ? 'tool' : 'stop'),
    ...(given.usage ? { usage: given.usage } : {}),
  };
}
