import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { connectorWriteId, QUEUES } from '../ports/operations.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { connectorWrite } from './connector-write.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const write = async (site: string) => {
  const { tenantId, connectionId } = await aConnectedSite(ground, site, { posts: 0 });
  const content = await ground.ports.content.put(tenantId, { title: 'A first post', content: '<p>Fresh bread</p>' });
  const effectKey = randomUUID().replaceAll('-', '');
  const args: Parameters<typeof connectorWrite> = [
    { tenantId, connectionId, stream: 'posts', effectKey, action: { kind: 'create', contentId: content.id } },
  ];
  const start = () =>
    ground.client.workflow.start(connectorWrite, {
      workflowId: connectorWriteId(tenantId, effectKey),
      taskQueue: QUEUES.operations,
      args,
    });
  return { tenantId, effectKey, start, items: () => ground.emulator.control.wordpress.site(site).items('posts') };
};

test('a write makes one draft that carries its effect key as slug', async () => {
  const { effectKey, start, items } = await write('plain');
  await (await start()).result();
  expect(items()).toEqual([expect.objectContaining({ slug: `bz-${effectKey}`, status: 'draft' })]);
});

test('a lost answer is not written twice: the draft is found by its marker', async () => {
  const { start, items } = await write('lost');
  ground.emulator.control.fault({
    match: { method: 'POST', path: '/wordpress/lost/wp-json/wp/v2/posts' },
    kind: 'drop-after',
  });
  const receipt = await (await start()).result();
  expect(items().map(({ id }) => String(id))).toEqual([receipt.externalId]);
});

test('a worker that dies between the site’s answer and the activity’s end writes nothing twice', async () => {
  const { start, items } = await write('died');
  const { commit } = ground.ports.effects;
  let deaths = 0;
  ground.ports.effects.commit = async (...given) => {
    deaths += 1;
    if (deaths === 1) throw new Error('the worker died here');
    return commit(...given);
  };
  try {
    const receipt = await (await start()).result();
    expect(deaths).toBe(2);
    expect(items().map(({ id }) => String(id))).toEqual([receipt.externalId]);
  } finally {
    ground.ports.effects.commit = commit;
  }
});

test('a worker that dies after the receipt was kept answers with that receipt, and asks the site nothing more', async () => {
  const { start, items } = await write('kept');
  const { commit } = ground.ports.effects;
  let deaths = 0;
  ground.ports.effects.commit = async (...given) => {
    await commit(...given);
    deaths += 1;
    throw new Error('the worker died here');
  };
  try {
    const receipt = await (await start()).result();
    expect(deaths).toBe(1);
    expect(items().map(({ id }) => String(id))).toEqual([receipt.externalId]);
  } finally {
    ground.ports.effects.commit = commit;
  }
});

test('a refused write fails with the site’s reason, and the key is free for a mended try', async () => {
  const { tenantId, effectKey, start, items } = await write('refused');
  const path = '/wordpress/refused/wp-json/wp/v2/posts';
  const body = {
    code: 'rest_invalid_param',
    message: 'Invalid parameter(s): title',
    data: { status: 400, params: { title: 'too long' } },
  };
  ground.emulator.control.fault({
    match: { method: 'POST', path },
    kind: 'status',
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await expect((await start()).result()).rejects.toMatchObject({ cause: { type: 'provider_rejected' } });
  expect(items()).toEqual([]);
  await expect(ground.ports.effects.claim(tenantId, effectKey, 'posts.create')).resolves.toEqual({ state: 'claimed' });
});
