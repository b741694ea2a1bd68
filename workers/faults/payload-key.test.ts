import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createActivities } from '../../activities/index.ts';
import { openPorts } from '../../adapters/index.ts';
import type { OpenPorts } from '../../adapters/index.ts';
import { payloadCodecKey } from '../../adapters/rotation/payload-codec-key.ts';
import { ringNotes } from '../../adapters/rotation/ring-key.ts';
import { CODEC_KEY_PATH } from '../../adapters/temporal/key-ring.ts';
import { catalogue } from '../../agents/index.ts';
import { UserId } from '../../ports/ids.ts';
import type { RotationRef } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import { decideUpdate } from '../../workflows/approval.ts';
import { refreshUpdate, statusQuery } from '../../workflows/connection.ts';
import { cachedBundle } from '../bundle.ts';
import { startWorkers } from '../run.ts';
import { aRunningConnection, authorizeHubspot } from '../testing/connections.ts';
import { openGround } from '../testing/ground.ts';
import type { Ground } from '../testing/ground.ts';
import { quietRuntime, testLog } from '../testing/runtime.ts';
import { startApproval } from '../testing/starts.ts';
import { until } from '../testing/until.ts';

const LONG_MS = 90_000;
const HOUR_MS = 3_600_000;
const DAYS = { remindAfterMs: 5 * 24 * HOUR_MS, deadlineMs: 7 * 24 * HOUR_MS };
const ref: RotationRef = {
  ...{ scope: 'platform', secretClass: 'payload_codec_key', subject: 'payload-codec', rotationId: randomUUID() },
};

let ground: Ground;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  ground = opened.use(await openGround());
  quietRuntime();
}, LONG_MS);
afterAll(() => opened.disposeAsync());

/** A process of its own as far as keys go: it has read none of them yet. */
const aProcess = async (): Promise<OpenPorts> => opened.use(await openPorts(ground.env, testLog));
const aWorker = async () => {
  const ports = await aProcess();
  const workers = startWorkers({
    ...{ temporal: ground.env.temporal, dataConverter: ports.temporal.dataConverter, log: testLog },
    activities: createActivities({ ...ports, catalogue }),
    bundle: { codePath: await cachedBundle() },
  });
  await workers.ready;
  return workers;
};

/** As if so much time had passed since. */
const rewrite = async (ports: OpenPorts, path: string, values: Record<string, string>) => {
  const kept = await ports.secrets.read(path);
  const meta = { class: 'rotation', createdBy: 'test' } as const;
  await ports.secrets.put(path, kept?.version ?? 0, { ...kept?.values, ...values }, meta);
};

test(
  'the payload key is rotated under open work: nothing is lost, the old key goes only when nobody needs it, and a worker that never had it goes on with everything',
  async () => {
    const first = await aWorker();
    const before = await aProcess();
    const on = { ports: before, client: before.temporal.client, emulator: ground.emulator };
    const connection = await aRunningConnection(on, 'hubspot');
    const { view } = await authorizeHubspot(on, connection);
    const policy = { roles: ['tenant_admin' as const], ...DAYS, onDeadline: 'reject' as const };
    const asked = await startApproval(on, connection.tenantId, policy);

    const rotator = payloadCodecKey({ secrets: before.secrets, workflows: before.workflows });
    await rotator.create(ref, null);
    await rotator.verify(ref);
    await rotator.cutOver(ref);
    // Somebody who knows of the new key speaks to those who do not: they hear of it by that.
    const after = await aProcess();
    const client = after.temporal.client;
    const handle = client.workflow.getHandle(connection.workflowId);
    await expect(
      handle.executeUpdate(refreshUpdate, { args: [{ observedVersion: view.secretVersion }] }),
    ).resolves.toEqual({
      version: view.secretVersion + 1,
    });
    await first.stop();
    const second = await aWorker();

    const rotation = payloadCodecKey({ secrets: after.secrets, workflows: after.workflows });
    await rewrite(after, CODEC_KEY_PATH, { since: new Date(Date.now() - 2 * HOUR_MS).toISOString() });
    await expect(rotation.neededBy(ref)).resolves.toContain('open workflows');
    await rewrite(after, rotationSecretPath('platform', ref.rotationId), { before: new Date().toISOString() });
    await until(
      'the connection goes on as a new run',
      () => rotation.neededBy(ref),
      (needed) => needed?.startsWith('1 open') === true,
    );
    const actor = { userId: UserId.parse(randomUUID()), role: 'tenant_admin' as const };
    const decision = { kind: 'approve' as const, contentHash: asked.content.sha256, contentId: asked.content.id };
    await client.workflow
      .getHandle(asked.run.workflowId)
      .executeUpdate(decideUpdate, { args: [{ ...decision, commentId: null, actor }] });
    await client.workflow.getHandle(asked.run.workflowId).result();
    await until(
      'nobody needs the old key',
      () => rotation.neededBy(ref),
      (needed) => needed === null,
    );
    await rotation.revoke(ref);
    await expect(ringNotes(after.secrets).read(ref)).resolves.toBeNull();
    await second.stop();

    // Who comes now has never had the old key.
    const third = await aWorker();
    const last = await aProcess();
    const still = last.temporal.client.workflow.getHandle(connection.workflowId);
    await expect(still.query(statusQuery)).resolves.toMatchObject({
      state: 'healthy',
      secretVersion: view.secretVersion + 1,
    });
    const args: [{ observedVersion: number }] = [{ observedVersion: view.secretVersion + 1 }];
    await expect(still.executeUpdate(refreshUpdate, { args })).resolves.toEqual({ version: view.secretVersion + 2 });
    const [schedule] = await last.workflows.listSyncSchedules(connection.tenantId);
    const described = await last.temporal.client.schedule
      .getHandle(`syncStream:${connection.tenantId}:${connection.connectionId}/${schedule?.stream}`)
      .describe();
    expect(described.action.args).toMatchObject([{ connectionId: connection.connectionId }]);
    await third.stop();
  },
  LONG_MS,
);
