import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import { Email, TenantId, UserId } from '../ports/ids.ts';
import { connectionWorkflowId } from '../ports/operations.ts';
import { tenantSecretPrefix } from '../ports/secrets.ts';
import type { OpenTenant } from '../ports/tenants.ts';
import { siteFields } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startOnboarding } from '../workers/testing/starts.ts';
import { until } from '../workers/testing/until.ts';
import { decideUpdate } from './approval.ts';
import { submitCredentialsUpdate } from './connection.ts';

const DAY_MS = 86_400_000;
const POLICY = {
  roles: ['tenant_admin' as const],
  remindAfterMs: DAY_MS,
  deadlineMs: 2 * DAY_MS,
  onDeadline: 'reject' as const,
};
const SITE: OpenTenant['connectors'] = [{ connector: 'wordpress', sync: [{ stream: 'posts', sink: 'knowledge' }] }];

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const begin = (connectors: OpenTenant['connectors'] = []) => startOnboarding(ground, connectors, POLICY);

const connectSite = async (tenantId: TenantId) => {
  const { ports, client } = ground;
  const [connection] = await until(
    'the connection waits',
    () => ports.connections.list(tenantId),
    (all) => all.length === 1,
  );
  if (!connection) throw new Error('no connection waits');
  const workflowId = connectionWorkflowId(tenantId, connection.id);
  const { secret, settings } = siteFields(ground);
  const staged = await ports.staging.stage(workflowId, secret);
  const given = { staged, methodId: 'application_password', settings, actor: UserId.parse(randomUUID()) };
  await until(
    'the connection is made',
    () => client.workflow.getHandle(workflowId).executeUpdate(submitCredentialsUpdate, { args: [given] }),
    () => true,
  );
  return connection;
};

const decide = async (tenantId: TenantId, kind: 'approve' | 'reject') => {
  const [asked] = await until(
    'the owner is asked',
    () => ground.ports.approvals.list(tenantId, 'pending'),
    (all) => all.length === 1,
    { timeoutMs: 40_000 },
  );
  if (!asked) throw new Error('nobody was asked');
  const [connected] = await ground.ports.connections.list(tenantId);
  expect(asked.connectionId).toBe(connected?.id);
  const actor = { userId: UserId.parse(randomUUID()), role: 'tenant_admin' as const };
  await ground.client.workflow.getHandle(asked.workflowId).executeUpdate(decideUpdate, {
    args: [{ kind, contentHash: asked.contentHash, contentId: asked.contentId, commentId: null, actor }],
  });
};

const drafts = () =>
  ground.emulator.control.wordpress
    .site('demo')
    .items('posts')
    .filter(({ slug, status }) => slug.startsWith('bz-') && status === 'draft');

/** Nothing of the tenant is left but its story. */
const expectUndone = async ({ slug, tenantId, tenant }: Awaited<ReturnType<typeof begin>>) => {
  const { ports } = ground;
  await expect(ports.identity.principalsOf(tenant.ownerEmail)).resolves.toEqual([]);
  await expect(ports.secrets.list(tenantSecretPrefix(tenantId))).resolves.toEqual([]);
  await expect(ports.connections.list(tenantId)).resolves.toEqual([]);
  await expect(ports.workflows.listSyncSchedules(tenantId)).resolves.toEqual([]);
  await expect(ports.knowledge.count(tenantId)).resolves.toEqual({ documents: 0, chunks: 0 });
  const { name, plan } = tenant;
  const again = { name, slug, plan, ownerEmail: Email.parse('eve@elsewhere.test') };
  await expect(ports.tenants.reserve(TenantId.parse(randomUUID()), again)).resolves.toMatchObject({
    slug,
    state: 'reserved',
  });
};

test('a tenant that wants no connector is live at once', async () => {
  const { tenantId, operationId, run } = await begin();
  await run.result();
  await expect(ground.ports.tenants.get(tenantId)).resolves.toMatchObject({ state: 'active' });
  await expect(ground.ports.operations.get(tenantId, operationId)).resolves.toMatchObject({
    outcome: 'completed',
    error: null,
  });
});

test('the main job: connected, synced, audited, approved, one draft, live', async () => {
  const { tenantId, run } = await begin(SITE);
  const { id } = await connectSite(tenantId);
  await decide(tenantId, 'approve');
  await run.result();
  expect(drafts()).toHaveLength(1);
  await expect(ground.ports.tenants.get(tenantId)).resolves.toMatchObject({ state: 'active' });
  await expect(ground.ports.workflows.listSyncSchedules(tenantId)).resolves.toMatchObject([
    { connectionId: id, stream: 'posts', paused: false },
  ]);
  await expect(ground.ports.audit.verify(tenantId)).resolves.toBeNull();
});

test('a rejected proposal writes nothing, undoes everything and says so', async () => {
  const begun = await begin(SITE);
  await connectSite(begun.tenantId);
  await decide(begun.tenantId, 'reject');
  await expect(begun.run.result()).rejects.toMatchObject({ cause: { type: 'not_approved' } });
  expect(drafts()).toEqual([]);
  await expectUndone(begun);
  await expect(ground.ports.operations.get(begun.tenantId, begun.operationId)).resolves.toMatchObject({
    outcome: 'failed',
    error: { code: 'not_approved' },
  });
});

test('a failed activation gives the slug back and takes the draft back', async () => {
  const begun = await begin(SITE);
  await connectSite(begun.tenantId);
  const undo = ground.withPort({ tenants: { activate: () => Promise.reject(new Fault('conflict', 'refused')) } });
  try {
    await decide(begun.tenantId, 'approve');
    await expect(begun.run.result()).rejects.toMatchObject({ cause: { type: 'conflict' } });
  } finally {
    undo();
  }
  expect(drafts()).toEqual([]);
  await expectUndone(begun);
});

test('a cancelled onboarding cleans up: nothing waits, nothing is left', async () => {
  const begun = await begin(SITE);
  await connectSite(begun.tenantId);
  await until(
    'the owner is asked',
    () => ground.ports.approvals.list(begun.tenantId, 'pending'),
    (all) => all.length === 1,
    { timeoutMs: 40_000 },
  );
  await begun.run.cancel();
  await expect(begun.run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await expectUndone(begun);
  await expect(ground.ports.approvals.list(begun.tenantId, 'pending')).resolves.toEqual([]);
});

test('a slug that is held is a conflict, and the one who holds it loses nothing', async () => {
  const { tenantId, tenant, run } = await begin();
  await run.result();
  await expect(ground.ports.tenants.reserve(TenantId.parse(randomUUID()), tenant)).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(ground.ports.tenants.get(tenantId)).resolves.toMatchObject({ state: 'active' });
});

test('an unknown connector fails with its name and leaves nothing', async () => {
  const begun = await begin([{ connector: 'nowhere', sync: [] }]);
  await expect(begun.run.result()).rejects.toMatchObject({ cause: { type: 'unknown_connector' } });
  await expectUndone(begun);
});
