import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../adapters/log.ts';
import type { Ports } from '../ports/index.ts';

const FIRST_MS = 1000;
const MOST_MS = 60_000;

/**
 * The schedules that a deployment has, whoever its tenants are: one for each class of secrets, as its policy says, and the
 * look for webhooks that nobody worked off. Tried until it worked, beside the work: the database or Temporal may be away when
 * a process starts. Ends when `stopped`.
 */
export async function keepSchedules(
  { rotations, workflows }: Pick<Ports, 'rotations' | 'workflows'>,
  log: Log,
  stopped: AbortSignal,
): Promise<void> {
  for (let wait = FIRST_MS; !stopped.aborted; wait = Math.min(wait * 2, MOST_MS)) {
    try {
      await workflows.ensureInboxSweep();
      for (const { secretClass, ...policy } of await rotations.policies()) {
        await workflows.ensureRotationSchedule(secretClass, policy);
      }
      return;
    } catch (error) {
      log.warn({ error }, 'the schedules of this deployment could not be set up yet, and are tried again');
      await sleep(wait, undefined, { signal: stopped }).catch(() => undefined);
    }
  }
}
