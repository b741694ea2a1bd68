import type { Ports } from '../../ports/index.ts';
import { createCleaner } from '../guardrails/outgoing.ts';
import type { AtWork } from './terms.ts';

/** Pieces are sent on this often; what comes in between goes along with the next one. */
const EVERY_MS = 60;

/**
 * Sends on what a model writes, while somebody watches the run. Beside history and never in the way: what cannot be sent is
 * only not seen early. `again`: what was shown of this step before is void.
 */
export const createPieces = (
  { tokenStream }: Pick<Ports, 'tokenStream'>,
  { tenantId, runId }: AtWork,
  step: number,
  again: boolean,
) => {
  const cleaner = createCleaner();
  let [held, sentAt, sending]: [string, number, Promise<void> | null] = ['', 0, null];
  let begun = !again;

  const send = async (end: boolean): Promise<void> => {
    if (!(await tokenStream.watched(tenantId, runId))) return;
    const text = held;
    held = '';
    const pieces = [
      ...(begun ? [] : [{ step, kind: 'reset' as const, text: '' }]),
      ...(text === '' ? [] : [{ step, kind: 'text' as const, text }]),
      ...(end ? [{ step, kind: 'done' as const, text: '' }] : []),
    ];
    begun = true;
    if (pieces.length > 0) await tokenStream.push(tenantId, runId, pieces);
  };
  const inTurn = (end: boolean): void => {
    sentAt = Date.now();
    sending = send(end)
      .catch(() => undefined)
      .finally(() => (sending = null));
  };

  return {
    text(piece: string): void {
      held += cleaner.push(piece);
      if (sending === null && held !== '' && Date.now() - sentAt >= EVERY_MS) inTurn(false);
    },
    async end(): Promise<void> {
      await sending;
      held += cleaner.end();
      inTurn(true);
      await sending;
    },
  };
};
