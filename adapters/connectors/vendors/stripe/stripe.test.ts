import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulator } from '../../../../emulator/server.ts';
import { connectionId as id, tenantId } from '../../testing-engine.ts';
import { openEmulated } from '../../testing-vendors.ts';
import type { Emulated } from '../../testing-vendors.ts';

let vendors: Emulated;
let emulator: Emulator;
const stripe = () => vendors.connectedBy('stripe', 'api_key', {}, { api_key: 'rk_test_51emulatedKornb' });

beforeAll(async () => {
  vendors = await openEmulated();
  ({ emulator } = vendors);
});
afterAll(async () => vendors[Symbol.asyncDispose]());
beforeEach(() => emulator.control.reset());

const at = (stream: string) => ({ tenantId, connectionId: id, stream });
const writes = (collection: string) => emulator.control.records('stripe').collections[collection]?.writes() ?? [];

test('a write is keyed by its marker: made once for it, and again for another', async () => {
  const action = { kind: 'create' as const, input: { name: 'Ana', email: 'ana@example.com' } };
  const first = await stripe().write(at('payers'), action, 'marker-1');
  expect(await stripe().write(at('payers'), action, 'marker-1')).toEqual(first);
  expect(writes('customers')).toEqual([{ kind: 'create', id: first.externalId }]);
  expect((await stripe().write(at('payers'), action, 'marker-2')).externalId).not.toBe(first.externalId);
  await expect(
    stripe().write(at('payers'), { kind: 'create', input: { name: 'Iker' } }, 'marker-1'),
  ).rejects.toMatchObject({ code: 'conflict' });
});

test('money goes out in the smallest unit of its currency and comes back in the major one', async () => {
  for (const [amount, currency, shown] of [
    ['25.9', 'EUR', '25.90'],
    ['2599', 'JPY', '2599'],
    ['2.599', 'KWD', '2.599'],
  ] as const) {
    const { externalId } = await stripe().write(
      at('payments'),
      { kind: 'create', input: { amount, currency } },
      amount,
    );
    const row = await stripe().readOne(tenantId, id, 'payments', externalId, { native: true });
    expect(row).toMatchObject({ amount: shown, currency });
  }
  expect(() =>
    stripe().checkWrite('stripe', 'payments', { kind: 'create', input: { amount: '2.5', currency: 'JPY' } }),
  ).toThrow(
    expect.objectContaining({ code: 'invalid_request', fields: [expect.objectContaining({ path: 'amount' })] }),
  );
});

test('cancelled subscriptions stay in the list, or a whole scan would take them for deleted', async () => {
  const { rows } = await stripe().read(tenantId, id, 'subscriptions', { limit: 100 });
  const [one] = rows;
  await stripe().write(at('subscriptions'), { kind: 'delete', externalId: one?.externalId ?? '' }, 'm');
  const after = await stripe().read(tenantId, id, 'subscriptions', { limit: 100 });
  expect(after.rows).toHaveLength(rows.length);
  expect(after.rows.find(({ externalId }) => externalId === one?.externalId)).toMatchObject({ status: 'canceled' });
});

test('a refused parameter is named, and nothing that the vendor says of it', async () => {
  const wrong = stripe().write(
    at('refunds'),
    { kind: 'update', externalId: 're_nothing', input: { metadata: {} } },
    'm',
  );
  await expect(wrong).rejects.toMatchObject({ code: 'not_found', providerCode: 'resource_missing' });
  emulator.control.fault({
    match: { path: '/stripe/v1/refunds' },
    kind: 'status',
    status: 400,
    body: {
      error: { type: 'invalid_request_error', code: 'parameter_invalid', param: 'payment_intent', message: 'canary' },
    },
  });
  const refused = stripe().write(at('refunds'), { kind: 'create', input: { paymentId: 'pi_x' } }, 'm2');
  await expect(refused).rejects.toMatchObject({
    code: 'provider_rejected',
    fields: [{ path: 'payment_intent', message: 'Stripe does not accept this value' }],
    message: expect.not.stringContaining('canary'),
  });
});
