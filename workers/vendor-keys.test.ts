import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import type { ConnectionView } from '../activities/connections.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import {
  connection,
  disconnectUpdate,
  statusQuery,
  submitCredentialsUpdate,
  testUpdate,
} from '../workflows/connection.ts';
import { submitSuccessorUpdate } from '../workflows/rotate-secret.ts';
import { actor } from './testing/connections.ts';
import { openGround } from './testing/ground.ts';
import type { Ground } from './testing/ground.ts';
import { policy, startARotation } from './testing/rotations.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
  await ground.ports.rotations.setPolicy(policy());
});
afterAll(() => ground.close());

const keysAt = (vendor: string) => ground.emulator.control.keys(vendor);

/** A connection that a person made by its form. */
async function connected(connectorId: string, fields: Record<string, string>) {
  const { ports, client } = ground;
  const tenantId = await aTenant(ports);
  const connectionId = await aConnection(ports, tenantId, { connectorId });
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  await client.workflow.start(connection, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, connectorId, sync: [], notify: null }],
  });
  const handle = client.workflow.getHandle<typeof connection>(workflowId);
  const { id: methodId } = ports.connectors.method(connectorId);
  const { secret, settings } = ports.connectors.checkFields(connectorId, methodId, fields);
  const given = { staged: await ports.staging.stage(workflowId, secret), methodId, settings, actor };
  await expect(handle.executeUpdate(submitCredentialsUpdate, { args: [given] })).resolves.toMatchObject({
    state: 'healthy',
  });
  return {
    ...{ tenantId, connectionId, handle },
    row: () => ports.connections.get(tenantId, connectionId),
    secret: () => ports.secrets.read(connectionSecretPath(tenantId, connectionId)),
    status: () => handle.query<ConnectionView>(statusQuery.name),
  };
}

test.each([
  ['sendgrid', 'sendgrid', { api_key: 'SG.emulatedGlobalKey00000.emulated-emulated-emulated-emulated-emulate' }],
  [
    'aws-s3',
    'aws-iam',
    { access_key_id: 'AKIAEMULATEDKEY00001', secret_access_key: 'emulatedSecretAccessKey/emulated+key0001' },
  ],
])(
  '%s: a connection’s key is exchanged by the vendor’s API, and the connection never notices',
  async (id, mount, key) => {
    const made = await connected(id, key);
    const before = keysAt(mount).list();
    keysAt(mount).settling(1);
    const { tenantId, connectionId } = made;
    const rotation = await startARotation(ground, tenantId, { subject: connectionId });
    await rotation.handle.result();
    keysAt(mount).settling(0);
    await expect(rotation.row()).resolves.toMatchObject({ outcome: 'rotated', message: null });

    const after = keysAt(mount).list();
    expect(after).toHaveLength(before.length);
    expect(after.map((one) => one.id)).not.toEqual(before.map((one) => one.id));
    await expect(made.secret()).resolves.toMatchObject({ version: 2, meta: { class: 'vendor_api_key' } });
    await expect(made.row()).resolves.toMatchObject({ state: 'healthy', secretVersion: 2 });
    await expect(made.handle.executeUpdate(testUpdate)).resolves.toMatchObject({ state: 'healthy', reason: null });
    await expect(made.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] })).resolves.toMatchObject({
      state: 'disconnected',
    });
    await expect(made.secret()).resolves.toBeNull();
  },
);

test('stripe: a person is asked, a key that does not work is asked for again, and the rest is told to them', async () => {
  const made = await connected('stripe', { api_key: 'rk_test_51emulatedKornb' });
  const rotation = await startARotation(ground, made.tenantId, { subject: made.connectionId });
  await rotation.reaches(({ step, message }) => step === 'asking' && message?.includes('Stripe') === true);
  const paste = async (key: string) =>
    rotation.handle.executeUpdate(submitSuccessorUpdate, {
      args: [{ staged: await rotation.stage({ api_key: key }), actor }],
    });
  await expect(paste('rk_test_51nobody')).rejects.toMatchObject({ cause: { type: 'credential_rejected' } });
  await expect(made.secret()).resolves.toMatchObject({ version: 1 });
  const { id, secret } = keysAt('stripe').mint();
  await paste(secret);
  await rotation.handle.result();
  await expect(rotation.row()).resolves.toMatchObject({
    outcome: 'rotated',
    message: expect.stringMatching(/^Delete the old key at Stripe/),
  });
  await expect(made.secret()).resolves.toMatchObject({ values: { api_key: secret } });
  await expect(made.handle.executeUpdate(testUpdate)).resolves.toMatchObject({ state: 'healthy' });
  expect(
    keysAt('stripe')
      .list()
      .find((key) => key.id === id)?.calls,
  ).toBeGreaterThan(2);
});

test('C11: a rotation whose vendor stops to answer after the key was made leaves the old key alone, here and there', async () => {
  const made = await connected('sendgrid', {
    api_key: 'SG.emulatedEuropeanKey000.emulated-emulated-emulated-emulated-emulate',
    region: 'eu',
  });
  const before = keysAt('sendgrid')
    .list()
    .map(({ id }) => id);
  // The key is made, its answer is lost, and from then on the vendor refuses whatever is more than looking.
  ground.emulator.control.fault({ match: { method: 'POST', path: '/sendgrid/v3/api_keys' }, kind: 'drop-after' });
  ground.emulator.control.fault({
    match: { method: 'POST', path: '/sendgrid/v3/api_keys' },
    kind: 'status',
    status: 403,
  });
  const rotation = await startARotation(ground, made.tenantId, { subject: made.connectionId });
  await expect(rotation.handle.result()).rejects.toMatchObject({ cause: { type: 'credential_forbidden' } });
  await expect(rotation.row()).resolves.toMatchObject({ outcome: 'rolled_back' });
  expect(
    keysAt('sendgrid')
      .list()
      .map(({ id }) => id),
  ).toEqual(before);
  await expect(made.secret()).resolves.toMatchObject({ version: 1 });
});
