import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireSpace } from './disk.ts';
import { takeLock } from './lock.ts';
import { rotateLogs } from './logs.ts';
import type { Part } from './parts.ts';
import { requireFreePort } from './ports.ts';
import { reap } from './records.ts';
import type { ProcessRecord } from './records.ts';
import { SetupError, say } from './say.ts';
import { root } from './settings.ts';
import type { Settings } from './settings.ts';

const PATIENCE_MS = 3000;
const STOPPING_MS = 45_000;

const stoppingFile = (dataDir: string): string => join(dataDir, 'start.stopping');

/** Tells the next start that this one is about to end, so that it waits instead of giving up. */
export const markStopping = ({ dataDir }: Settings): Promise<void> => writeFile(stoppingFile(dataDir), '');

const takeStart = async (dataDir: string): Promise<ProcessRecord | undefined> => {
  const file = join(dataDir, 'start.lock');
  const holder = await takeLock(file, PATIENCE_MS);
  return holder && existsSync(stoppingFile(dataDir)) ? takeLock(file, STOPPING_MS) : holder;
};

/** Makes the ground free: one start a folder, nothing left of a killed one, room on the disk, every port ours to take. */
export const prepare = async (settings: Settings, parts: Set<Part>): Promise<void> => {
  const { dataDir, logDir, runDir } = settings;
  await requireSpace(dataDir);
  const holder = await takeStart(dataDir);
  if (holder) {
    throw new SetupError(
      `BizOSaaS already runs from this folder (process ${holder.pid}): use that one, stop it with Ctrl-C, or give this one data and ports of its own (BIZ_DATA_DIR, API_PORT, …) in ${root}.`,
    );
  }
  await rm(stoppingFile(dataDir), { force: true });
  await rotateLogs(logDir);
  const left = await reap(runDir);
  if (left > 0) say(`• Ended ${left} processes that an interrupted start had left`);

  const ports: [Part, number, string, string][] = [
    ['api', settings.apiPort, 'API', 'API_PORT'],
    ['emulator', settings.emulatorPort, 'emulator', 'EMULATOR_PORT'],
    ['database', settings.databasePort, 'embedded database', 'DATABASE_PORT'],
    ['temporal', settings.temporalPort, 'Temporal', 'TEMPORAL_PORT'],
    ['temporal', settings.temporalUiPort, 'Temporal UI', 'TEMPORAL_UI_PORT'],
  ];
  for (const [part, port, what, variable] of ports) {
    if (parts.has(part)) await requireFreePort(port, what, variable);
  }
};
