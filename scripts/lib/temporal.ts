import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { until } from './until.ts';

export interface TemporalOptions {
  program: string;
  port: number;
  /** No port, no UI. */
  uiPort?: number;
  /** Where the UI has payloads decoded. */
  codecUrl?: string;
  /** State is kept in this file; none: in memory. */
  file?: string;
}

const dynamicConfig = [
  // Fairness by tenant needs the new matcher, which is off by default.
  ...['matching.useNewMatcher=true', 'matching.enableFairness=true'],
  // Twenty looks a second for new tasks, the default for each shard, are a wait of 50 ms for each task where there is one shard.
  ...['transfer', 'timer', 'visibility'].map((queue) => `history.${queue}ProcessorMaxPollRPS=500`),
];

/** As durable as the embedded database, in front of which it stands: docs/decisions/0014. */
const sqlite = ['--sqlite-pragma', 'synchronous=NORMAL'];

export const temporalCommand = ({ program, port, uiPort, codecUrl, file }: TemporalOptions): [string, ...string[]] => [
  program,
  'server',
  'start-dev',
  ...['--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error', '--log-format', 'pretty'],
  ...(uiPort === undefined ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)]),
  ...(codecUrl === undefined ? [] : ['--ui-codec-endpoint', codecUrl]),
  ...(file === undefined ? [] : ['--db-filename', file, ...sqlite]),
  ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
];

/** The state file, and whether an earlier start left one. */
export const temporalState = async (dataDir: string): Promise<{ file: string; old: boolean }> => {
  const folder = join(dataDir, 'temporal');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'temporal.db');
  return { file, old: existsSync(file) };
};

const answers = async (address: string, namespace: string): Promise<true> => {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.describeNamespace({ namespace }));
    return true;
  } finally {
    await connection.close();
  }
};

/** True when the server answers and has the namespace; false when it does not in time or `gaveUp` says so first. */
export const temporalAnswers = async (
  address: string,
  timeoutMs: number,
  gaveUp: () => boolean = () => false,
  namespace = 'default',
): Promise<boolean> => {
  const answer = await until(async () => gaveUp() || (await answers(address, namespace)), timeoutMs, 100);
  return answer === true && !gaveUp();
};
