import { readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { Place } from './run.ts';
import { root } from './settings.ts';

export interface Figures {
  passed: number;
  failed: number;
  skipped: number;
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
}

const jestFile = join(root, 'node_modules', 'jest', 'bin', 'jest.js');

export const jestCommand = (args: string[]): [string, ...string[]] => [
  process.execPath,
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  jestFile,
  ...args,
];

/** Most tests wait for another process more than they work. */
const WORKERS = Math.max(2, availableParallelism());

/** Runs jest to its end and counts. A run that wrote no report, or a file that could not be loaded, is a failure too. */
export const runJest = async (
  place: Place,
  {
    args,
    env,
    report,
    prefix = [],
    workers = WORKERS,
  }: {
    args: string[];
    env: Record<string, string | undefined>;
    report: string;
    prefix?: string[];
    /** Test files at once. */
    workers?: number;
  },
): Promise<Figures> => {
  await rm(report, { force: true });
  const reporting = [
    '--json',
    `--outputFile=${report}`,
    '--passWithNoTests',
    '--workerIdleMemoryLimit=1500MB',
    `--maxWorkers=${workers}`,
  ];
  const [program = '', ...rest] = [...prefix, ...jestCommand([...reporting, ...args])];
  const { logDir, runDir, signal } = place;
  // `--json` prints the report to stdout as well, so only stderr, where the reporters write, goes to the terminal.
  const quiet: [string, ...string[]] = ['sh', '-c', 'exec "$@" >/dev/null', 'sh', program, ...rest];
  const child = await startChild({ name: 'jest', kind: 'guarded', command: quiet, env, logDir, runDir, inherit: true });
  const stop = () => void child.stop();
  signal.addEventListener('abort', stop, { once: true });
  const { code } = await child.exited;
  signal.removeEventListener('abort', stop);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(text) as Report;
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return {
    passed: result.numPassedTests,
    // Jest can also fail as a whole, for example in a set-up file, with no test to blame.
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
};

export const add = (a: Figures, b: Figures): Figures => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

export const closingLine = ({ passed, failed, skipped }: Figures): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
