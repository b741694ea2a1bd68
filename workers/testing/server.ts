import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { freePort } from '../../scripts/lib/ports.ts';
import { until } from './until.ts';

const GUARD = fileURLToPath(new URL('../../scripts/lib/guard.mjs', import.meta.url));

export interface TestServer {
  address: string;
  /** As a power cut would: SIGKILL. The state file stays. */
  kill: () => Promise<void>;
}

/**
 * A Temporal server of the test's own, to kill and to start again with the same port and state file. It dies with the
 * test's process.
 */
export async function startTemporal({
  dbFile,
  port,
  config = {},
}: { dbFile?: string; port?: number; config?: Record<string, string> } = {}): Promise<TestServer> {
  const program = process.env.TEST_TEMPORAL_PROGRAM ?? process.env.TEST_TEMPORAL_CLI;
  if (program === undefined) throw new Error('TEST_TEMPORAL_PROGRAM is not set; run the tests by: npm test -- <file>');
  const at = port ?? (await freePort());
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(at), '--log-level', 'error'];
  const file = dbFile === undefined ? [] : ['--db-filename', dbFile];
  const values = Object.entries(config).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`]);
  const child = spawn(process.execPath, [GUARD, '-', 'SIGKILL', program, ...args, ...file, ...values], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const address = `127.0.0.1:${at}`;
  await until(`Temporal answers at ${address}`, () => answers(address), Boolean);
  return {
    address,
    kill: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 500 });
  try {
    await connection.withDeadline(Date.now() + 1000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } finally {
    await connection.close();
  }
}
