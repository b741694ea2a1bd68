import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../scripts/lib/settings.ts';
import { seconds } from './figures.ts';
import type { Figure } from './figures.ts';
import { startProduct } from './product.ts';

const exec = promisify(execFile);

/** A fresh clone's first `npm start` (packages installed, programs of the cache used), and the second. */
export const measureStart = async (): Promise<Figure[]> => {
  const clone = await mkdtemp(join(tmpdir(), 'bizosaas-clone-'));
  try {
    await exec('git', ['clone', '--quiet', root, clone]);
    const start = { cwd: clone, command: ['npm', 'start'], dataDir: join(clone, '.data') };
    const cold = await startProduct(start);
    await cold.stop();
    const warm = await startProduct({ ...start, ports: cold.ports });
    await warm.stop();
    const ratio = `${(warm.startedInMs / cold.startedInMs).toFixed(2)} of cold`;
    return [
      { figure: 'cold npm start: fresh clone to demo tenant waiting', value: seconds(cold.startedInMs) },
      { figure: 'warm npm start: second one', value: seconds(warm.startedInMs), against: ratio },
    ];
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
};
