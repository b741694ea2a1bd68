import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROTATED_CLASSES } from '../../ports/secret-classes.ts';
import { submitSuccessorUpdate } from '../../workflows/rotate-secret.ts';
import { policy, startARotation } from '../testing/rotations.ts';
import { until } from '../testing/until.ts';
import { aKeyedConnection } from '../testing/vendor-keys.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { openBlocker } from './locks.ts';
import type { Blocker } from './locks.ts';

// One worker is killed once, with a rotation at each arrow, since each waits for the heartbeats that no longer come.
const LONG_MS = 120_000;
const KEYS = '/sendgrid/v3/api_keys';
const SCOPES = '/sendgrid/v3/scopes';
const ACCOUNT = '/stripe/v1/account';

// The moment between the two stores is made by another session's lock, and embedded PGlite has one session at a time.
const withLocks = process.env.TEST_DATABASE_URL !== undefined;

let deployment: Deployment;
let blocker: Blocker | undefined;
let killed: Awaited<ReturnType<typeof killAtEachArrow>>;

beforeAll(async () => {
  deployment = await openDeployment();
  await deployment.ground.ports.rotations.setPolicy(policy());
  const { database } = deployment.ground;
  if (withLocks) blocker = await openBlocker(database.adminUrl);
  killed = await killAtEachArrow();
  await deployment.startWorker();
}, LONG_MS);

afterAll(async () => {
  await blocker?.[Symbol.asyncDispose]();
  await deployment?.[Symbol.asyncDispose]();
});

const aRotation = async (connectorId: 'sendgrid' | 'stripe') => {
  const { ground } = deployment;
  const connection = await aKeyedConnection(ground, connectorId);
  const start = () => startARotation(ground, connection.tenantId, { subject: connection.connectionId });
  return { connection, start };
};

async function killAtEachArrow() {
  const { ground, startWorker } = deployment;
  const { control } = ground.emulator;
  const asked = (method: string, path: string) => control.requests({ method, path }).length;
  const holdNext = async (method: string, path: string, act: () => Promise<unknown>, skip = 0) => {
    const before = asked(method, path);
    control.fault({ match: { method, path }, kind: 'hold', skip });
    await act();
    await control.waitFor({ method, path }, before + skip + 1);
  };
  const worker = await startWorker();
  const [revoking, cutting, verifying, creating] = await Promise.all([
    ...Array.from({ length: 4 }, () => aRotation('sendgrid')),
  ] as const);
  if (!revoking || !cutting || !verifying || !creating) throw new Error('four were asked for');
  const pasting = await aRotation('stripe');
  const started = new Map<object, Awaited<ReturnType<typeof startARotation>>>();
  const begin = async (one: typeof pasting) => {
    const rotation = await one.start();
    started.set(one, rotation);
    return rotation;
  };

  await holdNext('DELETE', KEYS, () => begin(revoking));
  // In the secret store, and not yet in the connection's row.
  const { connectionId, path } = cutting.connection;
  await blocker?.hold('SELECT 1 FROM connector_configs WHERE id = $1 FOR UPDATE', [connectionId]);
  await begin(cutting);
  if (blocker)
    await until(
      'it is put',
      () => ground.ports.secrets.read(path),
      (kept) => kept?.version === 2,
    );
  else await started.get(cutting)?.handle.result();
  // The first time its permissions are asked for, the second time it is tried.
  await holdNext('GET', SCOPES, () => begin(verifying), 1);
  await holdNext('POST', KEYS, () => begin(creating));
  // A person waits for the answer.
  const paste = await begin(pasting);
  await until('a person is asked', paste.row, ({ step }) => step === 'asking');
  const { secret } = control.keys('stripe').mint();
  const staged = await paste.stage({ api_key: secret });
  let answer: Promise<unknown> = Promise.resolve();
  await holdNext('GET', ACCOUNT, async () => {
    answer = paste.handle.executeUpdate(submitSuccessorUpdate, { args: [{ staged, actor: 'a person' }] });
    answer.catch(() => undefined);
  });

  worker.signal('SIGKILL');
  const exit = await worker.exited;
  await blocker?.release();
  // What was on its way arrives after all, and nobody reads its answer.
  control.faults.release();
  return { exit, revoking, cutting, verifying, creating, pasting, started, answer, secret };
}

test.each(['creating', 'verifying', 'cutting', 'revoking'] as const)(
  'C11: a worker killed while %s: the rotation ends with one key of its own, in use here and known there',
  async (arrow) => {
    expect(killed.exit).toEqual({ code: null, signal: 'SIGKILL' });
    const { connection } = killed[arrow];
    const rotation = killed.started.get(killed[arrow]);
    await rotation?.handle.result();
    expect(await rotation?.row()).toMatchObject({ outcome: 'rotated', message: null });
    const alive = deployment.ground.emulator.control.keys('sendgrid').list();
    const key = (await connection.inUse()).split('.')[1];
    expect(alive.filter(({ name }) => name === `bizosaas-${rotation?.rotationId}`)).toMatchObject([{ id: key }]);
    expect(alive.map(({ id }) => id)).not.toContain(connection.first.id);
    await connection.works();
  },
  LONG_MS,
);

test(
  'C11: a worker killed while a person’s key is tested: the person is answered, and the key is taken once',
  async () => {
    await expect(killed.answer).resolves.toMatchObject({ outcome: 'running' });
    const rotation = killed.started.get(killed.pasting);
    await rotation?.handle.result();
    expect(await rotation?.row()).toMatchObject({ outcome: 'rotated' });
    expect(await killed.pasting.connection.inUse()).toBe(killed.secret);
    await killed.pasting.connection.works();
  },
  LONG_MS,
);

test('a worker that starts sets up the schedule of every class', async () => {
  const { workflows } = deployment.ground.ports;
  const schedules = await until(
    'each has its next look',
    () => workflows.listRotationSchedules(),
    (all) => all.every(({ nextAt }) => nextAt !== null),
  );
  expect(schedules.map(({ secretClass }) => secretClass)).toEqual(ROTATED_CLASSES);
});
