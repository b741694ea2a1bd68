import { Fault } from '../../ports/errors.ts';

/** A longer wait is told to whoever asks, and the provider asked again after this: it may have been generous meanwhile. */
const CLOSED_MS_MAX = 60_000;
/** So that those who waited do not all come at once. */
const SPREAD = 0.2;
const GATES_MAX = 5000;

/**
 * Who was told to slow down is not asked for again until then, by nobody of this process: one run's 429 is every run's, by the
 * same key, provider and model.
 */
export function createGates() {
  const closed = new Map<string, number>();
  return {
    /** Throws `llm_rate_limited` with what is left of the wait. */
    pass(name: string): void {
      const left = (closed.get(name) ?? 0) - Date.now();
      if (left <= 0) return void closed.delete(name);
      const retryAfterMs = Math.ceil(left * (1 + Math.random() * SPREAD));
      throw new Fault('llm_rate_limited', 'the model provider asked us to slow down a moment ago', { retryAfterMs });
    },
    close(name: string, waitMs: number): void {
      closed.set(name, Date.now() + Math.min(waitMs, CLOSED_MS_MAX));
      const [oldest] = closed.keys();
      if (closed.size > GATES_MAX && oldest !== undefined) closed.delete(oldest);
    },
  };
}
