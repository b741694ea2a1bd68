import { setTimeout as pause } from 'node:timers/promises';

interface Patience {
  timeoutMs?: number;
  everyMs?: number;
}

/** Asks again until the answer holds. What `ask` throws means not yet; the last error is told when time is up. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer> | Answer,
  holds: (answer: Answer) => boolean,
  { timeoutMs = 20_000, everyMs = 20 }: Patience = {},
): Promise<Answer> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (holds(answer)) return answer;
      last = new Error(`the last answer was ${JSON.stringify(answer)}`);
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  } while (Date.now() < end);
  throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
}

interface Queried {
  workflowId: string;
  query: <Answer>(name: string) => Promise<Answer>;
}

/** Waits until a workflow's query answers as wanted, and gives that answer. */
export const reaches = <Answer>(
  handle: Queried,
  query: string,
  holds: (answer: Answer) => boolean,
  patience?: Patience,
): Promise<Answer> => until(`${query} of ${handle.workflowId}`, () => handle.query<Answer>(query), holds, patience);
