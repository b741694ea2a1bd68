import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { syncStreamId } from '../../ports/operations.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import { openSmallGround } from '../../workers/testing/small.ts';
import type { SmallGround } from '../../workers/testing/small.ts';
import { until } from '../../workers/testing/until.ts';
import { temporalSchedules } from './schedules.ts';

let ground: SmallGround;
beforeAll(async () => {
  ground = await openSmallGround();
});
afterAll(async () => ground[Symbol.asyncDispose]());

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const input = { sink: 'knowledge' as const, connectorId: 'wordpress', everyMs: HOUR_MS };
const stream = (tenantId = randomUUID() as TenantId, name = 'posts'): StreamRef => ({
  tenantId,
  connectionId: randomUUID() as ConnectionId,
  stream: name,
});
const open = () => {
  const { client } = ground.space;
  const handleOf = (ref: StreamRef) =>
    client.schedule.getHandle(syncStreamId(ref.tenantId, ref.connectionId, ref.stream));
  return { schedules: temporalSchedules(client), handleOf };
};

describe('schedules of syncs', () => {
  test('C71: the catch-up window is said, not left to a default: one interval, at least a minute', async () => {
    const { schedules, handleOf } = open();
    const [slow, fast] = [stream(), stream()];
    await schedules.ensureSyncSchedule(slow, input);
    await schedules.ensureSyncSchedule(fast, { ...input, everyMs: 5000 });
    expect((await handleOf(slow).describe()).policies).toEqual({
      overlap: 'SKIP',
      catchupWindow: HOUR_MS,
      pauseOnFailure: false,
    });
    expect((await handleOf(fast).describe()).policies.catchupWindow).toBe(MINUTE_MS);
  });

  test('C70: a sync longer than its interval: the next one is skipped and counted, never run beside it', async () => {
    const { schedules, handleOf } = open();
    const ref = stream();
    await ground.start({ echo: async () => null }, 'slow-sync.ts');
    await schedules.ensureSyncSchedule(ref, { ...input, everyMs: 1000 });
    const skipped = await until(
      'a tick was skipped',
      () => handleOf(ref).describe(),
      ({ info }) => info.numActionsSkippedOverlap > 0,
    );
    expect(skipped.info.numActionsTaken).toBe(1);
    expect(skipped.info.runningActions).toHaveLength(1);
    const counted = await schedules.skippedSyncs(ref);
    expect(counted).toEqual({ overlap: expect.any(Number), missed: 0 });
    expect(counted.overlap).toBeGreaterThanOrEqual(skipped.info.numActionsSkippedOverlap);

    await schedules.pauseSyncSchedule(ref, 'enough seen');
    const run = ground.space.client.workflow.getHandle(skipped.info.runningActions[0]?.workflow.workflowId ?? '');
    await run.signal('end');
    await expect(run.result()).resolves.toEqual({
      ...ref,
      connectorId: 'wordpress',
      sink: 'knowledge',
      mode: 'incremental',
      operationId: null,
    });
    expect((await run.describe()).searchAttributes).toMatchObject({
      TenantId: [ref.tenantId],
      Operation: ['syncStream'],
      ConnectorId: ['wordpress'],
      ConnectionId: [ref.connectionId],
      BlockedBy: ['none'],
    });
    await schedules.deleteSyncSchedule(ref);
  });

  test('two streams of one interval do not fire at the same moment, and each keeps its own', async () => {
    const { schedules, handleOf } = open();
    const tenant = randomUUID() as TenantId;
    const refs = [stream(tenant), stream(tenant, 'pages'), stream()];
    const offsets = async () =>
      Promise.all(refs.map(async (ref) => (await handleOf(ref).describe()).spec.intervals?.[0]?.offset));
    for (const ref of refs) await schedules.ensureSyncSchedule(ref, input);
    const first = await offsets();
    expect(new Set(first).size).toBe(refs.length);
    for (const ref of refs) await schedules.ensureSyncSchedule(ref, input);
    expect(await offsets()).toEqual(first);
  });

  test('made twice it is one, with the newer interval, and what was paused stays paused', async () => {
    const { schedules, handleOf } = open();
    const ref = stream();
    await schedules.ensureSyncSchedule(ref, input);
    await schedules.pauseSyncSchedule(ref, 'the password was revoked');
    await schedules.ensureSyncSchedule(ref, { ...input, everyMs: 2 * HOUR_MS });
    const described = await handleOf(ref).describe();
    expect(described.spec.intervals?.[0]?.every).toBe(2 * HOUR_MS);
    expect(described.state).toMatchObject({ paused: true, note: 'connection: the password was revoked' });
    await schedules.resumeSyncSchedule(ref, 'connected again');
    expect((await handleOf(ref).describe()).state).toMatchObject({ paused: false, note: 'connected again' });
    // It is behind: the next tick would be two hours away.
    await until(
      'it syncs at once',
      () => handleOf(ref).describe(),
      ({ info }) => info.numActionsTaken === 1,
    );
  });

  test('what a person paused is neither paused nor resumed for its connection, and keeps its note', async () => {
    const { schedules, handleOf } = open();
    const ref = stream();
    await schedules.ensureSyncSchedule(ref, input);
    await handleOf(ref).pause('on holiday');
    await schedules.pauseSyncSchedule(ref, 'the password was revoked');
    await schedules.resumeSyncSchedule(ref, 'connected again');
    expect((await handleOf(ref).describe()).state).toMatchObject({ paused: true, note: 'on holiday' });
  });

  test('a tenant sees its own, with state and next time', async () => {
    const { schedules } = open();
    const ref = stream();
    await schedules.ensureSyncSchedule(ref, input);
    await schedules.ensureSyncSchedule(stream(), input);
    await schedules.pauseSyncSchedule(ref, 'why');
    const mine = await until(
      'the schedule is listed as paused',
      () => schedules.listSyncSchedules(ref.tenantId),
      (found) => found.some(({ paused }) => paused),
    );
    expect(mine).toEqual([
      { connectionId: ref.connectionId, stream: 'posts', paused: true, note: 'connection: why', nextAt: null },
    ]);
  });

  test('pausing, resuming and deleting what is not there is silent', async () => {
    const { schedules } = open();
    const ref = stream();
    await expect(schedules.pauseSyncSchedule(ref, 'x')).resolves.toBeUndefined();
    await expect(schedules.skippedSyncs(ref)).resolves.toEqual({ overlap: 0, missed: 0 });
    await expect(schedules.resumeSyncSchedule(ref, 'x')).resolves.toBeUndefined();
    await expect(schedules.deleteSyncSchedule(ref)).resolves.toBeUndefined();
  });
});
