import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { Fault } from '../ports/errors.ts';
import { Email } from '../ports/ids.ts';
import type { Channel, Note } from '../ports/notifications.ts';
import { QUEUES, tellPeopleId } from '../ports/operations.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { tellPeople } from './tell-people.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());

const channel = (): Channel => ({
  id: randomUUID(),
  kind: 'webhook',
  title: 'somewhere',
  enabled: true,
  lastOutcome: null,
  createdAt: new Date().toISOString(),
});

test('people are told in their inboxes first, then by every channel; one that is down holds no other up', async () => {
  const { ports, client } = ground;
  const scope = await aTenant(ports);
  const owner = await ports.identity.addMembership(scope, Email.parse(`o@${scope}.test`), 'tenant_admin');
  const note: Note = { key: randomUUID(), roles: ['tenant_admin'], kind: 'test', subject: 'Hear this', link: '/x' };
  const [flaky, dead, fine] = [channel(), channel(), channel()];
  const tries = new Map<string, number>();
  const inboxAtFirst: number[] = [];
  const undo = ground.withPort({
    notifier: {
      channels: async () => [flaky, dead, fine],
      deliver: async (_scope, id) => {
        inboxAtFirst.push((await ports.notifier.inbox(scope, owner)).length);
        tries.set(id, (tries.get(id) ?? 0) + 1);
        if (id === dead.id) throw new Fault('provider_rejected', 'no such channel');
        if (id === flaky.id && tries.get(id) === 1) throw new Fault('provider_down', 'away', { retryAfterMs: 50 });
      },
    },
  });
  try {
    const run = await client.workflow.start(tellPeople, {
      workflowId: tellPeopleId(scope, note.key),
      taskQueue: QUEUES.operations,
      args: [{ scope, note }],
    });
    const { delivered, undelivered } = await run.result();
    expect(new Set(delivered)).toEqual(new Set([fine.id, flaky.id]));
    expect(undelivered).toEqual([dead.id]);
    expect([tries.get(flaky.id), tries.get(fine.id), tries.get(dead.id)]).toEqual([2, 1, 1]);
    expect(Math.min(...inboxAtFirst)).toBe(1);
  } finally {
    undo();
  }
});
