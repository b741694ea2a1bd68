import { setTimeout as pause } from 'node:timers/promises';
import type { Reply } from '../http.ts';
import type { Turn } from './conversation.ts';
import type { ModelFault } from './script-terms.ts';
import type { Cue } from './scripts.ts';

/** How a vendor spells what is said. */
interface Spelling {
  answer: (turn: Turn) => Reply;
  /** An answer that ends with an error after its 200. */
  spoilt: (turn: Turn, fault: ModelFault) => Reply;
  refusal: (fault: ModelFault) => Reply;
}

const SLOW_MS = 5000;

/** The cue carried out, in a vendor's spelling and at the pace that was asked for. */
export async function deliver(cue: Cue, spelling: Spelling, now: () => number): Promise<Reply> {
  const { fault, delayMs, pieceDelayMs, call } = cue;
  const wait = delayMs + (fault?.kind === 'slow' ? (fault.ms ?? SLOW_MS) : 0);
  // Whoever waits for nothing else is not kept from ending.
  if (wait > 0) await pause(wait, undefined, { ref: false });
  const sent = () => void (call.finishedAt = new Date(now()).toISOString());
  return { ...said(cue, spelling), ...(pieceDelayMs > 0 ? { paceMs: pieceDelayMs } : {}), sent };
}

function said({ turn, fault }: Cue, { answer, spoilt, refusal }: Spelling): Reply {
  if (!fault || fault.kind === 'slow') return answer(turn);
  if (fault.kind === 'cut') return { ...answer(turn), ending: 'cut' };
  if (fault.kind === 'error-event') return spoilt(turn, fault);
  return fault.kind === 'hang' || fault.kind === 'reset' ? { status: 0, ending: fault.kind } : refusal(fault);
}
