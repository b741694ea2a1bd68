import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import { openGround } from './ground.ts';
import type { Ground } from './ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(async () => ground.close());

test('the ground is a whole deployment: database, Temporal, secrets, emulator', async () => {
  const { ports, emulator } = ground;
  await expect(
    Promise.all([ports.database.health(), ports.workflows.health(), ports.secrets.health()]),
  ).resolves.toBeDefined();
  expect(
    (await fetch(`${emulator.url}/openai/v1/models`, { headers: { authorization: 'Bearer emulator-key' } })).status,
  ).toBe(200);
});

test('one port method fails when a test says so, and works again after it', async () => {
  const { ports, withPort } = ground;
  const input = { name: 'Acme', slug: 'acme', ownerEmail: 'a@acme.test' as never, plan: 'starter' as const };
  const undo = withPort({ tenants: { reserve: () => Promise.reject(new Fault('unavailable', 'told to fail')) } });
  const id = randomUUID() as TenantId;
  await expect(ports.tenants.reserve(id, input)).rejects.toThrow('told to fail');
  undo();
  await expect(ports.tenants.reserve(id, input)).resolves.toMatchObject({ slug: 'acme' });
});

test('workers stop and start again on the same ground', async () => {
  await ground.worker.stop();
  await ground.worker.start();
});
