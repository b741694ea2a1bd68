import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { runAgentId } from '../ports/operations.ts';
import { agentsOf, anAgent, aTenantWith, startAgent } from '../workers/testing/agents.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startTemporal } from '../workers/testing/server.ts';
import type { TestServer } from '../workers/testing/server.ts';

/** Many more in `npm run soak -- agents`. */
const STEPS = Number(process.env.BIZ_SOAK_STEPS ?? 24);
/** The server suggests a new run after this many events, in place of 4,096. */
const EVENTS_MAX = STEPS * 4;
const HISTORY_BYTES_PER_STEP_MAX = 6 * 1024;

const limits = { steps: 1000, toolCalls: 1000, tokens: 100_000_000, micros: 100_000_000 };
const catalogue = agentsOf(anAgent({ limits }));

let server: TestServer;
let ground: Ground;
beforeAll(async () => {
  server = await startTemporal({ config: { 'limit.historyCount.suggestContinueAsNew': String(EVENTS_MAX) } });
  ground = await openGround({ address: server.address, catalogue });
  await ground.worker.start();
});
afterAll(async () => {
  await ground.close();
  await server.kill();
});

/** All runs of a chain: how many, and the bytes of their histories as the server counts them. */
async function historyOf(workflowId: string, first: string): Promise<{ runs: number; bytes: number }> {
  let [runs, bytes] = [0, 0];
  for (let runId: string | undefined = first; runId;) {
    const handle: WorkflowHandle = ground.client.workflow.getHandle(workflowId, runId);
    const { raw } = await handle.describe();
    bytes += Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
    runs += 1;
    const { events } = await handle.fetchHistory();
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return { runs, bytes };
}

test(`C67: a run of ${STEPS} steps continues as new, keeps its counts, pays each step once, and costs little history`, async () => {
  const { tenantId } = await aConnectedSite(ground, 'marathon', { posts: 5 });
  await aTenantWith(ground.ports, catalogue, tenantId);
  const { models } = ground.emulator.control;
  const search = (n: number) => ({ name: 'list_content', arguments: { resource: 'posts', search: `topic ${n}` } });
  const turns = Array.from({ length: STEPS - 1 }, (_, n) => ({ calls: [search(n)] }));
  models.script('marathon', [...turns, { text: 'At last.' }]);
  const { runId, run } = await startAgent(ground, tenantId, 'marathon');
  const { used } = await run.result();
  expect(used).toMatchObject({ steps: STEPS, toolCalls: STEPS - 1 });
  expect(models.calls('marathon')).toHaveLength(STEPS);
  const { runs, bytes } = await historyOf(runAgentId(tenantId, runId), run.firstExecutionRunId);
  expect(runs).toBeGreaterThan(2);
  expect(bytes / STEPS).toBeLessThan(HISTORY_BYTES_PER_STEP_MAX);
  if (process.env.BIZ_SOAK_STEPS) process.stderr.write(`${STEPS} steps, ${runs} runs, ${bytes / STEPS} bytes a step\n`);
}, 600_000);
