import { fileURLToPath } from 'node:url';
import { cachedBundle } from '../bundle.ts';
import { startWorkers } from '../run.ts';
import type { Workers } from '../run.ts';
import { openNamespace, testAddress, testConverter } from './namespace.ts';
import type { TestNamespace } from './namespace.ts';
import { quietRuntime, testLog } from './runtime.ts';

export interface SmallGround extends AsyncDisposable {
  space: TestNamespace;
  start: (activities: object, workflows?: string) => Promise<Workers>;
}

/** Temporal with the house's codec, interceptors and queues, and the small workflows of a file beside this one. */
export async function openSmallGround({
  converter = testConverter,
  address = testAddress(),
} = {}): Promise<SmallGround> {
  const space = await openNamespace({ converter, address });
  const started: Workers[] = [];
  return {
    space,
    start: async (activities, workflows = 'workflows.ts') => {
      const codePath = await cachedBundle(fileURLToPath(new URL(workflows, import.meta.url)));
      quietRuntime();
      const { temporal } = space;
      const workers = startWorkers({
        temporal,
        dataConverter: converter,
        activities,
        bundle: { codePath },
        log: testLog,
      });
      started.push(workers);
      await workers.ready;
      return workers;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map(({ stop }) => stop()));
      await space[Symbol.asyncDispose]();
    },
  };
}
