import type { Turn } from '../../models/conversation.ts';
import type { OpenaiProblem } from './errors.ts';

/** One answer of the queue; without `match` it goes to the next request, else to the next whose messages match. */
export type ScriptedAnswer = { match?: string } & (
  | { kind: 'text'; text: string }
  | { kind: 'json'; value: unknown }
  /** `arguments` as a string goes out as it is, valid or not; an unknown tool is a name nobody offered. */
  | { kind: 'tool_calls'; calls: { name: string; arguments: unknown }[] }
  | ({ kind: 'error' } & OpenaiProblem)
  /** What it would have said, broken off in the middle. */
  | { kind: 'cut' }
);

const KINDS = ['text', 'json', 'tool_calls', 'error', 'cut'];

export function createScript() {
  const queue: ScriptedAnswer[] = [];
  return {
    add: (...answers: ScriptedAnswer[]): void => {
      const wrong = answers.find(({ kind }) => !KINDS.includes(kind));
      if (wrong) throw new Error(`an answer's kind is one of ${KINDS.join(', ')}`);
      queue.push(...answers);
    },
    pending: (): number => queue.length,
    clear: (): void => void queue.splice(0),
    take(conversation: string): ScriptedAnswer | undefined {
      // By place, not by identity: the same answer may be queued several times.
      const at = queue.findIndex(({ match }) => match === undefined || new RegExp(match, 's').test(conversation));
      return at < 0 ? undefined : queue.splice(at, 1)[0];
    },
  };
}

/** The turn an answer stands for; undefined when it stands for none. */
export function turnOf(scripted: ScriptedAnswer, callId: () => string): Turn | undefined {
  switch (scripted.kind) {
    case 'text':
      return { text: scripted.text, toolCalls: [], finish: 'stop' };
    case 'json':
      return { text: JSON.stringify(scripted.value), toolCalls: [], finish: 'stop' };
    case 'tool_calls': {
      const calls = scripted.calls.map(({ name, arguments: given }) => ({
        id: callId(),
        name,
        arguments: typeof given === 'string' ? given : JSON.stringify(given),
      }));
      return { text: null, toolCalls: calls, finish: 'tool' };
    }
    case 'error':
    case 'cut':
      return undefined;
  }
}
