// Stores the history of a run of the development deployment, for the replay gate: npm run record -- <workflowId or all> <case> [runId]
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { loadEnvFile, readEnv } from '../adapters/env.ts';
import { createLog, openPorts } from '../adapters/index.ts';
import { WORKFLOWS } from '../ports/operations.ts';
import { recode } from '../workers/testing/recode.ts';
import { developmentEnv } from './lib/development-env.ts';
import { fail, SetupError } from './lib/say.ts';
import { readSettings } from './lib/settings.ts';

const USAGE = 'Say which run and what it shows: npm run record -- <workflowId or "all"> <case-in-kebab> [runId].';

/** The newest run of every workflow that there is. */
const newestOfEach = async (client: Client): Promise<string[]> => {
  const ids = Object.keys(WORKFLOWS).map(async (name) => {
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = '${name}'`, pageSize: 1 })) {
      return [workflowId];
    }
    return [];
  });
  return (await Promise.all(ids)).flat();
};

const record = async ([which, name, runId]: string[]): Promise<void> => {
  if (which === undefined || name === undefined || !/^[a-z0-9-]+$/.test(name)) throw new SetupError(USAGE);
  await using ports = await openPorts(readEnv(developmentEnv(readSettings())), createLog('silent'));
  const { client, codec } = ports.temporal;
  for (const workflowId of which === 'all' ? await newestOfEach(client) : [which]) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { type } = await handle.describe().catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw new SetupError(`No run has the id ${workflowId}: the Temporal UI lists them.`);
    });
    const history = await handle.fetchHistory();
    const json = await recode(JSON.parse(historyToJSON(history)), codec);
    const file = fileURLToPath(new URL(`../workflows/histories/${type}.${name}.json`, import.meta.url));
    await writeFile(file, `${JSON.stringify(json, null, 1)}\n`);
    console.log(`${history.events?.length ?? 0} events in workflows/histories/${type}.${name}.json`);
  }
};

try {
  loadEnvFile();
  await record(process.argv.slice(2));
} catch (error) {
  fail(error);
}
