import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aMember } from '../adapters/postgres/testing-data.ts';
import { openApi } from '../api/testing.ts';
import type { TestApi } from '../api/testing.ts';
import { RunId } from '../ports/ids.ts';
import { conversationId } from '../ports/operations.ts';
import { agentsOf, anAgent, aTenantWith } from '../workers/testing/agents.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';

const catalogue = agentsOf(anAgent());

let ground: Ground;
let api: TestApi;
beforeAll(async () => {
  ground = await openGround({ timeSkipping: true, catalogue });
  await ground.worker.start();
  api = await openApi({ ports: ground.ports, temporal: ground.client, catalogue });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await ground.close();
});

test('what is said to a chat at rest is heard with the next message, also when the rest was long', async () => {
  const tenantId = await aTenantWith(ground.ports, catalogue);
  const as = await aMember(ground.ports, tenantId, 'tenant_user', `${randomUUID()}@acme.test`);
  const headers = { Prefer: 'wait=20' };
  const { models } = ground.emulator.control;
  models.script('rest', [{ text: 'Yes?', repeat: true }]);
  const say = (path: string, text: string) =>
    api.post(`/api/v1/${path}`, { as, headers, body: { text: `[[script:rest]] ${text}` } });
  const { json } = await say('agents/Tester/chat', 'Hello');
  const id = RunId.parse(json['conversationId']);
  await expect(say(`runs/${id}/steer`, 'Be shorter.')).resolves.toMatchObject({ status: 200 });
  await ground.client.workflow.getHandle(conversationId(tenantId, id)).result();
  await expect(say(`conversations/${id}/messages`, 'And now?')).resolves.toMatchObject({
    json: { answer: { content: 'Yes?' } },
  });
  const prompt = models.prompts('rest').at(-1) ?? '';
  for (const part of ['Hello', 'Be shorter.', 'And now?']) expect(prompt).toContain(part);
});
