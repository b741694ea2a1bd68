import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import proto from '@temporalio/proto';
import { createRotationActivities } from '../activities/rotation.ts';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { Fault } from '../ports/errors.ts';
import { Email, PLATFORM } from '../ports/ids.ts';
import type { TenantId, UserId } from '../ports/ids.ts';
import { QUEUES, rotateSecretId } from '../ports/operations.ts';
import type { RotationCandidate, RotationPort, RotationRef } from '../ports/rotation.ts';
import type { RotatedClass } from '../ports/secret-classes.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { anIssuer, policy, startARotation, untouched } from '../workers/testing/rotations.ts';
import { until } from '../workers/testing/until.ts';
import { rotateSecret } from './rotate-secret.ts';

const HOUR_MS = 3_600_000;
const DAY_S = 86_400;
const DAY_MS = DAY_S * 1000;

let ground: Ground;
let tenantId: TenantId;
let owner: UserId;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(async () => {
  tenantId = await aTenant(ground.ports);
  await ground.ports.tenants.activate(tenantId);
  owner = await ground.ports.identity.addMembership(tenantId, Email.parse(`o@${tenantId}.test`), 'tenant_admin');
  await ground.ports.rotations.setPolicy(policy());
});

const clock = () => {
  const { testService } = ground.connection;
  if (!testService) throw new Error('this server cannot skip time');
  return testService;
};
const nowMs = async (): Promise<number> => {
  const { time } = await clock().getCurrentTime({});
  return Number(time?.seconds ?? 0) * 1000;
};
const pass = (seconds: number) =>
  ground.connection.withDeadline(Date.now() + 300_000, () =>
    clock().unlockTimeSkippingWithSleep({ duration: proto.google.protobuf.Duration.fromObject({ seconds }) }),
  );
const inbox = async () => (await ground.ports.notifier.inbox(tenantId, owner)).map(({ kind }) => kind).toSorted();

test('nobody brings the new one: reminders after three days and every week, and after thirty days the old one is kept', async () => {
  const issuer = anIssuer({ by: 'person', ask: 'Make a key at the vendor' });
  const undo = ground.withPort({ rotation: issuer.port });
  try {
    const rotation = await startARotation(ground, tenantId);
    await rotation.handle.result();
    const { startTime, closeTime } = await rotation.handle.describe();
    expect(Math.round((Number(closeTime) - Number(startTime)) / DAY_MS)).toBe(30);
    expect(issuer.state()).toEqual(untouched);
    expect(await rotation.row()).toMatchObject({ outcome: 'kept', message: expect.stringMatching(/thirty days/) });
    expect(await rotation.operation()).toMatchObject({ outcome: 'failed', error: { code: 'unprocessable' } });
    const told = ['asked', 'lapsed', ...Array.from({ length: 4 }, () => 'reminder')].map((kind) => `rotation.${kind}`);
    expect(await until('all are told', inbox, (kinds) => kinds.length >= told.length)).toEqual(told);
  } finally {
    undo();
  }
});

test('C11: an undo that fails is tried until it works, and meanwhile the row says why it did not', async () => {
  const issuer = anIssuer();
  const rows: unknown[] = [];
  issuer.before.verify = () => {
    throw new Fault('credential_rejected', 'does not work');
  };
  let row: () => Promise<unknown> = async () => null;
  issuer.before.rollBack = async (nth) => {
    rows.push(await row());
    if (nth < 4) throw new Fault('secrets_denied', 'the policy of the store says no');
  };
  const undo = ground.withPort({ rotation: issuer.port });
  try {
    const rotation = await startARotation(ground, tenantId);
    row = rotation.row;
    await expect(rotation.handle.result()).rejects.toThrow();
    expect(issuer.state()).toEqual(untouched);
    expect(rows).toHaveLength(4);
    expect(rows.at(-1)).toMatchObject({ outcome: 'running', message: expect.stringMatching('policy of the store') });
    expect(await rotation.row()).toMatchObject({ outcome: 'rolled_back', message: 'does not work' });
  } finally {
    undo();
  }
});

test('what still needs the old one is asked ever less often, at last every hour, for as long as it is needed, and no history grows without end', async () => {
  const issuer = anIssuer();
  const HOURS = 24 * 14;
  issuer.needed.push(...Array.from({ length: HOURS }, (_, index) => `${HOURS - index} workflows are open`));
  const undo = ground.withPort({ rotation: issuer.port });
  try {
    const rotation = await startARotation(ground, tenantId);
    await rotation.handle.result();
    expect(issuer.calls.filter((one) => one === 'neededBy')).toHaveLength(HOURS + 1);
    expect(issuer.state().accepted).not.toContain('old');
    const { startTime, closeTime, historyLength, runId } = await rotation.handle.describe();
    expect(Number(closeTime) - Number(startTime)).toBeLessThan(HOURS * HOUR_MS);
    expect(runId).not.toBe(rotation.firstRunId);
    expect(historyLength).toBeLessThan(3000);
  } finally {
    undo();
  }
}, 120_000);

/** Secrets whose age is counted in the days of this server. */
const aStock = (secrets: Pick<RotationCandidate, 'scope' | 'secretClass' | 'subject'>[], beganMs: number) => {
  const keyOf = ({ secretClass, subject }: { secretClass: string; subject: string }) => `${secretClass}/${subject}`;
  const stock = new Map(
    secrets.map((one) => [keyOf(one), { ...one, since: beganMs, inUse: 'first', accepted: new Set(['first']) }]),
  );
  const log: { what: string; key: string; day: number }[] = [];
  const wrong: string[] = [];
  const of = (ref: Omit<RotationRef, 'rotationId'>) => {
    const found = stock.get(keyOf(ref));
    if (!found) throw new Fault('not_found', 'no such secret');
    return found;
  };
  const note = async (what: string, ref: RotationRef) => {
    const day = ((await nowMs()) - beganMs) / DAY_MS;
    log.push({ what, key: keyOf(ref), day });
    return day;
  };
  const judge = (ref: RotationRef) => {
    const { inUse, accepted } = of(ref);
    if (!accepted.has(inUse)) wrong.push(`${keyOf(ref)} uses what is not accepted`);
    if (accepted.size > 2) wrong.push(`${keyOf(ref)} has ${accepted.size}`);
  };
  const port: RotationPort = {
    targets: async (scope, secretClass) =>
      [...stock.values()]
        .filter((one) => one.scope === scope && (secretClass === undefined || one.secretClass === secretClass))
        .map(({ since, scope: at, secretClass: kind, subject }) => ({
          ...{ scope: at, secretClass: kind, subject, since: new Date(since).toISOString() },
        })),
    plan: async () => ({ by: 'platform', ask: null }),
    create: async (ref) => {
      const day = await note('create', ref);
      // For three days the vendor refuses this one.
      if (ref.subject === 'refused' && day >= 90 && day < 93) throw new Fault('credential_forbidden', 'not allowed');
      of(ref).accepted.add(ref.rotationId);
      judge(ref);
    },
    verify: async (ref) => judge(ref),
    cutOver: async (ref) => {
      await note('cutOver', ref);
      Object.assign(of(ref), { inUse: ref.rotationId, since: await nowMs() });
      judge(ref);
    },
    neededBy: async (ref) => {
      const cut = log.findLast(({ what, key }) => what === 'cutOver' && key === keyOf(ref))?.day ?? 0;
      const day = await note('neededBy', ref);
      // The payload key is needed for thirty hours more.
      return ref.secretClass === 'payload_codec_key' && day < cut + 90 + 1.25 ? 'old workflows are open' : null;
    },
    revoke: async (ref) => {
      await note('revoke', ref);
      of(ref).accepted = new Set([of(ref).inUse]);
      return { left: null };
    },
    rollBack: async (ref) => {
      await note('rollBack', ref);
      of(ref).accepted.delete(ref.rotationId);
      judge(ref);
    },
  };
  const days = (what: string, key: string) =>
    log.filter((one) => one.what === what && one.key === key).map(({ day }) => day);
  return { port, days, wrong };
};

test('a year of rotations: each in its time, the old one for its overlap, one that the vendor refuses tried every day, nothing ever unaccepted', async () => {
  const { ports, client } = ground;
  const { dueRotations } = createRotationActivities(ports);
  const beganMs = await nowMs();
  const stock = aStock(
    [
      { scope: tenantId, secretClass: 'vendor_api_key', subject: 'plain' },
      { scope: tenantId, secretClass: 'vendor_api_key', subject: 'refused' },
      { scope: PLATFORM, secretClass: 'payload_codec_key', subject: 'payload-codec' },
    ],
    beganMs,
  );
  const undo = ground.withPort({ rotation: stock.port });
  const classes: RotatedClass[] = ['vendor_api_key', 'payload_codec_key'];
  try {
    await ports.rotations.setPolicy(policy({ overlapHours: 24 }));
    // This server has no schedules, and stands still once a parent has left its child: the test looks what is due, day by day.
    const look = async (due: RotatedClass) => {
      const { targets } = await dueRotations(due, new Date(await nowMs()).toISOString(), null);
      for (const target of targets) {
        const { scope, secretClass, subject } = target;
        const rotation = { rotationId: randomUUID(), target, operationId: null, actor: 'schedule' };
        await client.workflow
          .start(rotateSecret, {
            workflowId: rotateSecretId(scope, secretClass, subject),
            taskQueue: QUEUES.operations,
            args: [rotation],
          })
          .catch((error: unknown) => {
            if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
          });
      }
    };
    for (let day = 1; day <= 390; day += 1) {
      await pass(DAY_S);
      for (const due of classes) await look(due);
    }

    expect(stock.wrong).toEqual([]);
    const cuts = stock.days('cutOver', 'vendor_api_key/plain');
    const revokes = stock.days('revoke', 'vendor_api_key/plain');
    expect(cuts).toHaveLength(4);
    cuts.forEach((day, index) => {
      const age = day - (cuts[index - 1] ?? 0);
      expect(age).toBeGreaterThanOrEqual(90);
      expect(age).toBeLessThan(91.1);
      const overlap = (revokes[index] ?? 0) - day;
      expect(overlap).toBeGreaterThanOrEqual(1);
      expect(overlap).toBeLessThan(1.1);
    });
    expect(stock.days('rollBack', 'vendor_api_key/plain')).toEqual([]);

    const refusals = stock.days('rollBack', 'vendor_api_key/refused');
    expect(refusals.length).toBeGreaterThanOrEqual(2);
    expect(stock.days('cutOver', 'vendor_api_key/refused')[0]).toBeLessThan(94.1);

    const keyCuts = stock.days('cutOver', 'payload_codec_key/payload-codec');
    const keyRevokes = stock.days('revoke', 'payload_codec_key/payload-codec');
    expect([keyCuts.length, keyRevokes.length]).toEqual([2, 1]);
    expect(keyRevokes[0]).toBeGreaterThanOrEqual((keyCuts[0] ?? 0) + 91.25);
    expect(keyRevokes[0]).toBeLessThan((keyCuts[0] ?? 0) + 91.4);

    const running = client.workflow.getHandle(rotateSecretId(PLATFORM, 'payload_codec_key', 'payload-codec'));
    expect((await running.describe()).status.name).toBe('RUNNING');
    await running.terminate('the year is over');
    expect(await ports.rotations.latest(tenantId)).toMatchObject([{ outcome: 'rotated' }, { outcome: 'rotated' }]);
  } finally {
    undo();
  }
}, 300_000);
