import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { WORKFLOWS } from '../ports/operations.ts';
import { cachedBundle } from '../workers/bundle.ts';
import { testConverter } from '../workers/testing/namespace.ts';
import { quietRuntime } from '../workers/testing/runtime.ts';

const HISTORIES = new URL('./histories/', import.meta.url);
const TAMPERED = fileURLToPath(new URL('../workers/testing/tampered.ts', import.meta.url));
const files = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).sort();

beforeAll(() => quietRuntime());

/** Payloads open only under the id of the workflow that they belong to, so the id is taken from the history itself. */
async function replay(file: string, codePath: string): Promise<void> {
  const history = historyFromJSON(JSON.parse(await readFile(new URL(file, HISTORIES), 'utf8')));
  const workflowId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '';
  const options = { workflowBundle: { codePath }, dataConverter: testConverter };
  await Worker.runReplayHistory(options, history, workflowId);
}

describe('C69: a deploy keeps the runs at work', () => {
  test.each(files)('%s replays on today’s code', async (file) => {
    await expect(replay(file, await cachedBundle())).resolves.toBeUndefined();
  });

  test.each(files)('%s is refused when one timer more stands before it', async (file) => {
    await expect(replay(file, await cachedBundle(TAMPERED))).rejects.toBeInstanceOf(DeterminismViolationError);
  });

  test.each(Object.keys(WORKFLOWS))('a history of %s is stored', (workflow) => {
    expect(files.some((file) => file.startsWith(`${workflow}.`))).toBe(true);
  });
});
