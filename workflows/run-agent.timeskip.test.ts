import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import { agentsOf, anAgent, aTenantWith, startAgent } from '../workers/testing/agents.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const catalogue = agentsOf(anAgent());

let ground: Ground;
beforeAll(async () => {
  const LLM_KEYS = JSON.stringify({ groq: { apiKey: 'emulator-groq' } });
  ground = await openGround({ timeSkipping: true, catalogue, env: { LLM_KEYS } });
  await ground.worker.start();
});
afterAll(() => ground.close());

const calls = (script: string) => ground.emulator.control.models.calls(script);
/** How long it took by the server's clock, in which hours pass at once. */
const lasted = async (run: Awaited<ReturnType<typeof startAgent>>['run']) => {
  const { startTime, closeTime } = await run.describe();
  return (closeTime?.getTime() ?? 0) - startTime.getTime();
};

test('C83: a provider that is down is asked again and again for a quarter of an hour; then the next model answers', async () => {
  const fallbacks = [{ provider: 'groq' as const, model: 'openai/gpt-oss-120b' }];
  const tenantId = await aTenantWith(ground.ports, catalogue, undefined, { fallbacks });
  const faults = [{ kind: 'overloaded' as const, times: 'always' as const, provider: 'openai' }];
  ground.emulator.control.models.script('outage', [{ text: 'Here.', faults }]);
  const { run } = await startAgent(ground, tenantId, 'outage');
  await run.result();
  const asked = calls('outage').map(({ provider }) => provider);
  expect(asked.at(-1)).toBe('groq');
  expect(asked.filter((provider) => provider === 'groq')).toHaveLength(1);
  expect(asked.length).toBeGreaterThan(10);
  const tookMs = await lasted(run);
  expect(tookMs).toBeGreaterThan(10 * MINUTE_MS);
  expect(tookMs).toBeLessThan(20 * MINUTE_MS);
});

test('an outage of our own stores for longer than an hour delays a run and never ends it', async () => {
  const tenantId = await aTenantWith(ground.ports, catalogue);
  ground.emulator.control.models.script('store', [{ text: 'Here.' }]);
  const { settings } = ground.ports.agents;
  let refused = 0;
  const restore = ground.withPort({
    agents: {
      settings: async (...given) => {
        if (refused >= 70) return settings(...given);
        refused += 1;
        throw new Fault('unavailable', 'The store is away.');
      },
    },
  });
  const { run } = await startAgent(ground, tenantId, 'store');
  await run.result();
  restore();
  expect(await lasted(run)).toBeGreaterThan(60 * MINUTE_MS);
});

test('C83: with no model left a run looks less and less often, and gives up after a week with the failure that it met', async () => {
  const tenantId = await aTenantWith(ground.ports, catalogue);
  ground.emulator.control.models.script('week', [{ text: 'Never.', faults: [{ kind: 'quota', times: 'always' }] }]);
  const { runId, run } = await startAgent(ground, tenantId, 'week');
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'llm_quota' } });
  expect(await lasted(run)).toBeGreaterThanOrEqual(7 * DAY_MS);
  expect(calls('week').length).toBeLessThan(7 * 6 + 12);
  await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({
    ...{ state: 'failed', error: { code: 'llm_quota' } },
  });
});

test('C83: what was exhausted and comes back by itself is found by a look of the run’s own', async () => {
  const tenantId = await aTenantWith(ground.ports, catalogue);
  ground.emulator.control.models.script('back', [{ text: 'Back.', faults: [{ kind: 'quota', times: 5 }] }]);
  const { run } = await startAgent(ground, tenantId, 'back');
  await run.result();
  expect(calls('back').map(({ kind }) => kind)).toEqual([...Array.from({ length: 5 }, () => 'quota'), 'answered']);
  expect(await lasted(run)).toBeGreaterThanOrEqual((1 + 2 + 4 + 8 + 16) * MINUTE_MS);
});
