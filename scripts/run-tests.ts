// The inner half of `npm test`, under Node 24: sets up what the tests stand on, runs them in two (those with a clock that
// skips time in a network of their own), and counts both.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireSpace } from './lib/disk.ts';
import { add, closingLine, jestCommand, runJest } from './lib/jest.ts';
import type { Figures } from './lib/jest.ts';
import type { Place } from './lib/run.ts';
import { SetupError, fail, say } from './lib/say.ts';
import { readSettings, root } from './lib/settings.ts';
import { onStop } from './lib/stopping.ts';
import { prepareGround } from './lib/test-ground.ts';
import type { Ground } from './lib/test-ground.ts';
import { openTestRun } from './lib/test-run.ts';

const NOBODY = 'no test has this name: its ground cannot be had here';
const { signal, stop } = onStop();
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const stops: (() => Promise<void>)[] = [];
const none: Figures = { passed: 0, failed: 0, skipped: 0 };

const listTests = async (): Promise<{ plain: string[]; timeSkipping: string[] }> => {
  const [program, ...rest] = jestCommand([
    '--listTests',
    '--passWithNoTests',
    ...args.filter((arg) => !arg.startsWith('-')),
  ]);
  const { stdout } = await promisify(execFile)(program, rest, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  const files = stdout.split('\n').filter((line) => line.endsWith('.test.ts'));
  const skipping = (file: string) => file.endsWith('.timeskip.test.ts');
  return { plain: files.filter((file) => !skipping(file)), timeSkipping: files.filter(skipping) };
};

/** Both at once: a clock that skips time waits for the server's word more than it works. */
const runAll = async (
  place: Place,
  temp: string,
  { env, timeSkipping, postgres, skips }: Ground,
  files: Awaited<ReturnType<typeof listTests>>,
): Promise<Figures> => {
  const base = { TEST_SKIPS: JSON.stringify(skips), NODE_ENV: 'test' };
  const runs: Promise<Figures>[] = [];
  if (files.plain.length > 0)
    runs.push(
      runJest(place, {
        args: [...flags, '--runTestsByPath', ...files.plain],
        env: { ...base, ...env },
        report: join(temp, 'plain.json'),
      }),
    );
  if (files.timeSkipping.length > 0) {
    const byPath = ['--runTestsByPath', ...files.timeSkipping];
    runs.push(
      runJest(place, {
        // Without the server all of them are listed and counted, none is run.
        args: timeSkipping ? [...flags, ...byPath] : [`--testNamePattern=${NOBODY}`, ...byPath],
        env: {
          ...base,
          TEST_TIME_SKIPPING: timeSkipping?.program,
          // From inside the network namespace only the socket leads to the database.
          TEST_DATABASE_URL: postgres?.socketUrl,
        },
        report: join(temp, 'time-skipping.json'),
        workers: 1,
        ...(timeSkipping ? { prefix: timeSkipping.prefix } : {}),
      }),
    );
  }
  return (await Promise.all(runs)).reduce(add, none);
};

const test = async (): Promise<Figures> => {
  const { dataDir } = readSettings();
  await requireSpace(dataDir);
  const { temp, logDir, runDir, close } = await openTestRun(dataDir);
  stops.unshift(close);
  await requireSpace(temp);
  const files = await listTests();
  const place = { logDir, runDir, signal };
  const ground = await prepareGround(place, temp, { files, stops });
  if (signal.aborted) return none;
  const figures = await runAll(place, temp, ground, files);
  for (const skip of ground.skips) say(`skipped: ${skip}`);
  return figures;
};

let figures = none;
try {
  figures = await test();
} catch (error) {
  if (!signal.aborted) fail(error instanceof Error ? error : new SetupError(String(error)));
  figures = { ...none, failed: 1 };
}
const interrupted = signal.aborted;
stop();
// Last opened, first closed; the folder they work in goes when all have ended.
const [closeRun, ...others] = stops;
await Promise.all(others.map((end) => end().catch(fail)));
await closeRun?.().catch(fail);
if (interrupted) process.exit(130);
if (figures.passed + figures.failed + figures.skipped === 0) say(`✗ No test matches ${args.join(' ')}.`);
say(closingLine(figures));
process.exit(figures.failed === 0 && figures.passed > 0 ? 0 : 1);
