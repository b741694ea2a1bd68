import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OperationId, PLATFORM, TenantId } from '../../ports/ids.ts';
import type { RotationPolicy, RotationRef } from '../../ports/rotation.ts';
import { ROTATED, ROTATED_CLASSES } from '../../ports/secret-classes.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const tenant = () => TenantId.parse(randomUUID());
const aRef = (given: Partial<RotationRef> = {}): RotationRef => ({
  ...{ rotationId: randomUUID(), scope: tenant(), secretClass: 'vendor_api_key', subject: 'sendgrid', ...given },
});
const creating = { step: 'creating', outcome: 'running', message: null, operationId: null } as const;

test('every class has a policy: its default, until a platform admin changes it', async () => {
  const defaults = ROTATED_CLASSES.map((secretClass) => ({ secretClass, ...ROTATED[secretClass], enabled: true }));
  await expect(stores.rotations.policies()).resolves.toEqual(defaults);
  const none = { everyDays: null, overlapHours: 0, asks: 'tenant', enabled: false } as const;
  const changed: RotationPolicy = { secretClass: 'jwt_signing_key', ...none };
  await stores.rotations.setPolicy({ ...changed, everyDays: 30, enabled: true });
  await stores.rotations.setPolicy(changed);
  await expect(stores.rotations.policies()).resolves.toEqual(
    defaults.map((policy) => (policy.secretClass === changed.secretClass ? changed : policy)),
  );
});

test('a rotation is one row, wherever it stands; told twice it is the same, and once ended it stays', async () => {
  const ref = aRef();
  const operationId = OperationId.parse(randomUUID());
  await stores.rotations.record(ref, { ...creating, operationId });
  const begun = await stores.rotations.get(ref.scope, ref.rotationId);
  expect(begun).toEqual({
    ...{ id: ref.rotationId, scope: ref.scope, secretClass: ref.secretClass, subject: ref.subject, operationId },
    ...{ step: 'creating', outcome: 'running', message: null, startedAt: begun.startedAt, endedAt: null },
  });
  const waits = { step: 'observing', outcome: 'running', message: 'Two workers still use it.', operationId } as const;
  await stores.rotations.record(ref, waits);
  await stores.rotations.record(ref, waits);
  await expect(stores.rotations.get(ref.scope, ref.rotationId)).resolves.toEqual({ ...begun, ...waits });
  await stores.rotations.record(ref, { step: 'revoking', outcome: 'rotated', message: null, operationId: null });
  const ended = await stores.rotations.get(ref.scope, ref.rotationId);
  expect(ended).toMatchObject({ step: 'revoking', outcome: 'rotated', message: null, operationId });
  expect(Date.parse(ended.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(begun.startedAt));
  await stores.rotations.record(ref, { ...creating, outcome: 'rolled_back' });
  await stores.rotations.record(ref, creating);
  await expect(stores.rotations.latest(ref.scope)).resolves.toEqual([ended]);
});

test('the latest of a scope is the newest rotation of each of its secrets', async () => {
  const scope = tenant();
  const first = aRef({ scope });
  await stores.rotations.record(first, { ...creating, outcome: 'kept', message: 'Nobody answered.' });
  const second = aRef({ scope });
  await stores.rotations.record(second, creating);
  const other = aRef({ scope, subject: 'aws-s3' });
  await stores.rotations.record(other, creating);
  // Moving an older one on does not make it the newest.
  await stores.rotations.record(first, creating);
  const latest = await stores.rotations.latest(scope);
  expect(latest.map(({ id }) => id)).toEqual([other.rotationId, second.rotationId]);
});

test('rotations are of one scope: the platform sees its own, a tenant sees its own, and ids do not reach across', async () => {
  const [ours, theirs] = [aRef({ scope: PLATFORM, secretClass: 'jwt_signing_key', subject: 'app' }), aRef()];
  await stores.rotations.record(ours, creating);
  await stores.rotations.record(theirs, creating);
  const ids = async (scope: RotationRef['scope']) => (await stores.rotations.latest(scope)).map(({ id }) => id);
  await expect(ids(PLATFORM)).resolves.toEqual([ours.rotationId]);
  await expect(ids(theirs.scope)).resolves.toEqual([theirs.rotationId]);
  for (const scope of [PLATFORM, tenant()] as const) {
    await expect(stores.rotations.get(scope, theirs.rotationId)).rejects.toMatchObject({ code: 'not_found' });
  }
  // The same id said by another scope makes a row of its own and changes nothing here.
  const intruder = { ...theirs, scope: tenant() };
  await stores.rotations.record(intruder, { ...creating, outcome: 'kept' });
  await expect(stores.rotations.get(theirs.scope, theirs.rotationId)).resolves.toMatchObject({ outcome: 'running' });
});
