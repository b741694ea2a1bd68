import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { migrate } from '../adapters/postgres/migrate.ts';
import { onPath } from '../scripts/lib/run.ts';
import { cacheDir, root } from '../scripts/lib/settings.ts';
import { WORKER_HEAP } from '../scripts/lib/stack.ts';
import { startTestPostgres } from '../scripts/lib/test-postgres.ts';
import { mib } from './figures.ts';
import type { Figure } from './figures.ts';

const run = promisify(execFile);

const RECORDS = 100_000;
const FEW = 10_000;
const MANY = 1_000_000;
const PAGE = 200;
const KIT = 'airbyte-cdk==7.39.1';

interface Moved {
  records: number;
  tookMs: number;
  peakBytes: number;
}

const here = (file: string) => join(root, 'bench', 'engine', file);
const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as Moved;
const perSecond = ({ records, tookMs }: Moved) => (records / tookMs) * 1000;
const thousands = (moved: Moved) => `${Math.round(perSecond(moved) / 100) / 10}k/s`;
const times = (moved: Moved, other: Moved) => `${(perSecond(moved) / perSecond(other)).toFixed(2)} ×`;

/** The source in a process of its own, so that serving costs nobody else's loop. */
const openSource = async (records: number): Promise<{ url: string } & Disposable> => {
  const child = spawn(process.execPath, [here('source.ts'), String(records), String(PAGE)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((done, refuse) => {
    child.once('exit', () => refuse(new Error('the source did not start')));
    child.stdout?.once('data', (text: Buffer) => done(text.toString().trim()));
  });
  return { url, [Symbol.dispose]: () => void child.kill() };
};

const move = async (half: 'bare' | 'read' | 'sync', url: string, databaseUrl = ''): Promise<Moved> => {
  // As workers are started: a heap that is given back, not one that grows because it may.
  const heap = half === 'sync' ? WORKER_HEAP : [];
  return lastLine(
    (await run(process.execPath, [...heap, here('mover.ts'), half, url, String(PAGE), databaseUrl])).stdout,
  );
};

/** Airbyte's connector kit from PyPI, in an environment of its own in the cache; null where there is no Python to have it. */
const kit = async (): Promise<string | null> => {
  const folder = join(cacheDir, KIT.replace('==', '-'));
  const python = join(folder, 'bin', 'python');
  if (await stat(python).catch(() => undefined)) return python;
  const outer = await onPath('python3');
  if (!outer) return null;
  await run(outer, ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', KIT]);
  return python;
};

const best = async (work: () => Promise<Moved>): Promise<Moved> => {
  const runs = [await work(), await work(), await work()];
  return runs.reduce((fastest, one) => (one.tookMs < fastest.tookMs ? one : fastest));
};

/** The engine over a source without limits: its two halves beside a bare loop and beside Airbyte's kit, and what size costs. */
export const measureEngine = async (): Promise<Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'bizosaas-bench-'));
  const place = { logDir: folder, runDir: folder, signal: new AbortController().signal };
  const postgres = await startTestPostgres(place, folder);
  try {
    await migrate(postgres.url);
    using source = await openSource(RECORDS);
    const bare = await best(() => move('bare', source.url));
    const read = await best(() => move('read', source.url));
    const whole = await best(() => move('sync', source.url, postgres.url));
    const python = await kit();
    const airbyte = python
      ? await best(async () =>
          lastLine((await run(python, [here('airbyte.py'), here('airbyte.yaml'), source.url, String(PAGE)])).stdout),
        )
      : null;
    const beside = (moved: Moved) =>
      airbyte ? `; ${times(moved, airbyte)} Airbyte’s kit` : '; Airbyte’s kit is not to be had';

    using small = await openSource(FEW);
    const few = await move('sync', small.url, postgres.url);
    using large = await openSource(MANY);
    const many = await move('sync', large.url, postgres.url);
    return [
      { figure: `${RECORDS} records, a bare loop (fetch, parse)`, value: thousands(bare) },
      ...(airbyte ? [{ figure: `${RECORDS} records, Airbyte’s kit (read only)`, value: thousands(airbyte) }] : []),
      {
        figure: `${RECORDS} records, the read half (fetch, parse, check, map)`,
        value: thousands(read),
        against: `${times(read, bare)} the bare loop${beside(read)}`,
      },
      {
        figure: `${RECORDS} records, the whole (hash, deliver, commit)`,
        value: thousands(whole),
        against: `${times(whole, bare)} the bare loop${beside(whole)}`,
      },
      {
        figure: `peak memory, ${MANY} records`,
        value: mib(many.peakBytes),
        against: `${mib(few.peakBytes)} for ${FEW}: ${mib(many.peakBytes - few.peakBytes)} more; ${thousands(many)}`,
      },
    ];
  } finally {
    await postgres.child.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
