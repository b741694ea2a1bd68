// Run by the outer process when the inner one was killed: ends what is recorded in every folder of the project's own.
import { reap } from './records.ts';
import { readSettings } from './settings.ts';
import { reapTestRuns } from './test-run.ts';

const { dataDir, runDir } = readSettings();
await reap(runDir);
await reapTestRuns(dataDir);
