// Stores the history of a run of the development deployment, for the replay gate: npm run record -- <workflowId> <case>
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { readEnv } from '../adapters/env.ts';
import { createLog, openPorts } from '../adapters/index.ts';
import { recode } from '../workers/testing/recode.ts';
import { developmentEnv } from './lib/development-env.ts';
import { fail, SetupError } from './lib/say.ts';
import { readSettings } from './lib/settings.ts';

const record = async ([workflowId, name]: string[]): Promise<void> => {
  if (workflowId === undefined || name === undefined || !/^[a-z0-9-]+$/.test(name)) {
    throw new SetupError('Say which run and what it shows: npm run record -- <workflowId> <case-in-kebab>.');
  }
  await using ports = await openPorts(readEnv(developmentEnv(readSettings())), createLog('silent'));
  const { client, dataConverter } = ports.temporal;
  const [codec] = dataConverter.payloadCodecs ?? [];
  const handle = client.workflow.getHandle(workflowId);
  const [{ type }, history] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  if (codec === undefined) throw new Error('the deployment has no payload codec');
  const json = await recode(JSON.parse(historyToJSON(history)), codec);
  const file = fileURLToPath(new URL(`../workflows/histories/${type}.${name}.json`, import.meta.url));
  await writeFile(file, `${JSON.stringify(json, null, 1)}\n`);
  console.log(`${history.events?.length ?? 0} events in workflows/histories/${type}.${name}.json`);
};

try {
  await record(process.argv.slice(2));
} catch (error) {
  fail(error);
}
