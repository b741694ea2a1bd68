import { beforeEach, expect, test } from '@jest/globals';
import type { WriteSafety } from '../ports/connector-info.ts';
import type { WriteReceipt } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { FaultCode } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { createWriteActivities } from './writes.ts';
import type { Write } from './writes.ts';

const tenantId = 'tenant' as TenantId;
const connectionId = 'connection' as ConnectionId;
const WRITE: Write = {
  tenantId,
  connectionId,
  stream: 'orders',
  effectKey: 'key',
  action: { kind: 'create', contentId: 'c' },
};
const RECEIPT: WriteReceipt = { externalId: 'x1', link: null };

let effect: 'none' | 'begun' | 'committed';
let safety: WriteSafety;
let did: string[];
let vendor: () => WriteReceipt;
let found: WriteReceipt | null;

const activities = createWriteActivities({
  connections: { get: async () => ({ connectorId: 'vendor' }) },
  connectors: {
    checkWrite: () => safety,
    write: async (_at: unknown, _action: unknown, marker: string) => {
      did.push(`write ${marker}`);
      return vendor();
    },
    probe: async (_at: unknown, _action: unknown, marker: string) => {
      did.push(`probe ${marker}`);
      return found;
    },
  },
  content: { get: async () => ({ name: 'One' }), drop: async () => void did.push('drop') },
  effects: {
    claim: async () => {
      if (effect === 'committed') return { state: 'committed', ...RECEIPT };
      const state = effect === 'none' ? 'claimed' : 'unknown';
      effect = 'begun';
      return { state };
    },
    commit: async () => void (effect = 'committed'),
    release: async () => void (effect = 'none'),
  },
} as unknown as Ports);
const write = () => activities.performWrite(WRITE);
const fails = (code: FaultCode) => () => {
  throw new Fault(code, 'no');
};

beforeEach(() => {
  effect = 'none';
  safety = 'probe';
  did = [];
  vendor = () => RECEIPT;
  found = null;
});

test('a write that is done once answers from the ledger ever after, and what was put for it alone goes', async () => {
  await expect(write()).resolves.toEqual(RECEIPT);
  await expect(write()).resolves.toEqual(RECEIPT);
  expect(did).toEqual(['write bz-key', 'drop', 'drop']);
});

test.each<[WriteSafety, string[]]>([
  ['idempotent', ['write bz-key']],
  ['keyed', ['write bz-key']],
  ['probe', ['probe bz-key', 'write bz-key']],
])('C55: after an attempt whose end is unknown, a write that is %s goes on by: %j', async (kind, steps) => {
  safety = kind;
  vendor = fails('provider_down');
  await expect(write()).rejects.toMatchObject({ code: 'provider_down' });
  did = [];
  vendor = () => RECEIPT;
  await expect(write()).resolves.toEqual(RECEIPT);
  expect(did).toEqual([...steps, 'drop']);
});

test('C55: what the earlier attempt made is its outcome', async () => {
  effect = 'begun';
  found = { externalId: 'earlier', link: null };
  await expect(write()).resolves.toEqual(found);
  expect(did).toEqual(['probe bz-key', 'drop']);
});

test('C55: an unsafe write is not made again after a death in the middle, until a person says that it did not happen', async () => {
  safety = 'unsafe';
  effect = 'begun';
  await expect(write()).rejects.toMatchObject({ code: 'outcome_unknown' });
  await expect(write()).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect(did).toEqual([]);
  await activities.forgetAttempt(tenantId, 'key');
  await expect(write()).resolves.toEqual(RECEIPT);
});

test('a refusal frees the key of the first attempt; after an unknown one it says nothing of that', async () => {
  vendor = fails('provider_rejected');
  await expect(write()).rejects.toMatchObject({ code: 'provider_rejected' });
  expect(effect).toBe('none');
  vendor = fails('provider_down');
  await expect(write()).rejects.toMatchObject({ code: 'provider_down' });
  vendor = fails('provider_rate_limited');
  await expect(write()).rejects.toMatchObject({ code: 'provider_rate_limited' });
  expect(effect).toBe('begun');
});
