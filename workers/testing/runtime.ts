import { createLog } from '../../adapters/log.ts';
import { installRuntime } from '../options.ts';

/** Silent, unless TEST_LOG names a level. */
export const testLog = createLog(process.env.TEST_LOG ?? 'silent');

installRuntime(testLog);
