// A worker of the house that calls too. Asked by its parent, it reads through a connection so many times at once, each
// until it has an answer, and says what came of it.
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { createActivities } from '../../activities/index.ts';
import { unlimited } from '../../adapters/budgets/unlimited.ts';
import { readEnv } from '../../adapters/env.ts';
import { createLog, openPorts } from '../../adapters/index.ts';
import { catalogue } from '../../agents/index.ts';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId, TenantId } from '../../ports/ids.ts';
import { installRuntime } from '../options.ts';
import { startWorkers } from '../run.ts';

export const Question = z.object({ tenantId: TenantId, connectionId: ConnectionId, callers: z.number() });
export type Question = z.infer<typeof Question>;
/** How many of the callers were answered, and what the others met. */
export interface Answered {
  answered: number;
  refused: Record<string, number>;
}

const AGAIN_MS = 500;
/** What a caller of an API would try again. */
const PASSING = new Set(['unavailable', 'provider_down', 'provider_rate_limited']);

const env = readEnv(process.env);
const log = createLog(env.logLevel);
installRuntime(log);
// What a killed process held of a limit comes back only after a while, and this is about tokens.
const ports = await openPorts(env, log, { budgets: unlimited });

const call = async ({ tenantId, connectionId }: Question): Promise<string | null> => {
  for (;;) {
    try {
      await ports.connectors.read(tenantId, connectionId, 'contacts', { limit: 1 });
      return null;
    } catch (error) {
      const code = error instanceof Fault ? error.code : String(error);
      if (!PASSING.has(code)) return `${code}: ${error instanceof Error ? error.message : ''}`;
      await pause(AGAIN_MS);
    }
  }
};

const callAll = async (question: Question): Promise<Answered> => {
  const codes = await Promise.all(Array.from({ length: question.callers }, () => call(question)));
  const refused: Record<string, number> = {};
  for (const code of codes) if (code !== null) refused[code] = (refused[code] ?? 0) + 1;
  return { answered: codes.filter((code) => code === null).length, refused };
};

process.on('message', (message) => {
  void callAll(Question.parse(message)).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));
const workers = startWorkers({
  temporal: env.temporal,
  dataConverter: ports.temporal.dataConverter,
  activities: createActivities({ ...ports, catalogue }),
  bundle: { codePath: env.workflowBundle ?? '' },
  log,
});
await workers.ready;
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
