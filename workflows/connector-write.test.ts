import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import type { TenantId, UserId } from '../ports/ids.ts';
import { connectorWriteId, QUEUES } from '../ports/operations.ts';
import type { ApprovalPolicy } from '../ports/approvals.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { decideUpdate } from './approval.ts';
import { connectorWrite } from './connector-write.ts';
import type { WriteInput } from './connector-write.ts';

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
  const action = { kind: 'create', contentId: content.id } as const;
  const input: WriteInput = { tenantId, connectionId, stream: 'posts', effectKey, action };
  const start = (more: Partial<WriteInput> = {}) =>
    ground.client.workflow.start(connectorWrite, {
      workflowId: connectorWriteId(tenantId, effectKey),
      taskQueue: QUEUES.operations,
      args: [{ ...input, ...more }],
    });
  return {
    tenantId,
    effectKey,
    content,
    start,
    items: () => ground.emulator.control.wordpress.site(site).items('posts'),
  };
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

/** What a person does about the one question that waits. */
const decide = async (tenantId: TenantId, kind: 'approve' | 'reject') => {
  const [question] = await until(
    'a person is asked',
    () => ground.ports.approvals.list(tenantId, 'pending'),
    ({ length }) => length > 0,
  );
  if (!question) throw new Error('nobody is asked');
  const { contentHash, contentId, workflowId, subject } = question;
  const actor = { userId: randomUUID() as UserId, role: 'tenant_admin' as const };
  await ground.client.workflow
    .getHandle(workflowId)
    .executeUpdate(decideUpdate, { args: [{ kind, contentHash, contentId, commentId: null, actor }] });
  return { subject, content: await ground.ports.content.get(tenantId, contentId) };
};

/** The site's write may have happened or not, and nothing tells. */
const unsafe = () => {
  const { write: really } = ground.ports.connectors;
  let unknown = true;
  return ground.withPort({
    connectors: {
      checkWrite: () => 'unsafe',
      write: async (...given) => {
        if (!unknown) return really(...given);
        unknown = false;
        throw new Fault('outcome_unknown', 'the site may have done this; look there before trying again');
      },
    },
  });
};

test('C55: an unsafe write whose end is unknown waits for a person, and is made again when they say that nothing happened', async () => {
  const { tenantId, start, items } = await write('unsafe');
  const restore = unsafe();
  try {
    const handle = await start();
    const { subject, content } = await decide(tenantId, 'approve');
    expect(subject).toContain('may have happened');
    expect(content).toMatchObject({ stream: 'posts', kind: 'create', input: { title: 'A first post' } });
    const receipt = await handle.result();
    expect(items().map(({ id }) => String(id))).toEqual([receipt.externalId]);
  } finally {
    restore();
  }
});

test('C55: when the person says that it did happen, it is left alone, and its end stays unknown', async () => {
  const { tenantId, start, items } = await write('left');
  const restore = unsafe();
  try {
    const handle = await start();
    await decide(tenantId, 'reject');
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'outcome_unknown' } });
    expect(items()).toEqual([]);
  } finally {
    restore();
  }
});

test('a write that needs leave asks before anything is sent; its file goes with its end', async () => {
  const policy: ApprovalPolicy = {
    roles: ['tenant_admin'],
    remindAfterMs: 60_000,
    deadlineMs: 120_000,
    onDeadline: 'reject',
  };
  const { tenantId, content, start, items } = await write('leave');
  const file = { objectKey: 'uploads/one', name: 'one.txt', contentType: 'text/plain', bytes: 3 };
  await ground.ports.objects.put(tenantId, file.objectKey, 'one');
  const handle = await start({
    action: { kind: 'create', contentId: content.id, file },
    approval: { policy, subject: 'Write a post', content },
  });
  await decide(tenantId, 'reject');
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'not_approved' } });
  expect(items()).toEqual([]);
  await expect(ground.ports.objects.list(tenantId, 'uploads/')).resolves.toEqual([]);
});
