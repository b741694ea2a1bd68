import { createLog } from '../../adapters/log.ts';
import { installRuntime } from '../options.ts';

/** Silent, unless TEST_LOG names a level. */
export const testLog = createLog(process.env.TEST_LOG ?? 'silent');

let installed = false;

/** Makes the SDK as silent. Before the first worker only: a runtime that nobody uses keeps its process alive. */
export function quietRuntime(): void {
  if (!installed) installRuntime(testLog);
  installed = true;
}
