import type { TokenStreamPort } from '../../ports/token-stream.ts';

const ASK_EVERY_MS = 1000;
/** Runs whose answer is remembered; past it all are asked anew. */
const REMEMBERED_MAX = 5000;

/** Whether a run is watched, asked at most once a second for each run however often it writes. */
export const rememberWatched = (ask: TokenStreamPort['watched']): TokenStreamPort['watched'] => {
  const asked = new Map<string, { atMs: number; answer: Promise<boolean> }>();
  return (tenantId, runId) => {
    const known = asked.get(runId);
    if (known && Date.now() - known.atMs < ASK_EVERY_MS) return known.answer;
    if (asked.size >= REMEMBERED_MAX) asked.clear();
    const answer = ask(tenantId, runId);
    asked.set(runId, { atMs: Date.now(), answer });
    answer.catch(() => asked.delete(runId));
    return answer;
  };
};
