import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Fault } from '../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { Known } from '../../ports/syncs.ts';
import type { AwaitedWrite } from '../../ports/workflows.ts';
import { connectionSink } from './connection.ts';

const ref = {
  tenantId: '11111111-1111-4111-8111-111111111111' as TenantId,
  connectionId: '22222222-2222-4222-8222-222222222222' as ConnectionId,
  stream: 'customers',
};
const there = '55555555-5555-4555-8555-555555555555' as ConnectionId;
const target = { connectionId: there, stream: 'contacts', fields: { email: 'email', company: 'name' }, key: 'email' };
const to = { sink: 'connection', target } as const;
const batch = {
  ...{ runId: 'run', startedAt: '2026-11-21T09:08:07.123Z', choice: 'chosen', part: '0' },
  signal: new AbortController().signal,
};
const rowOf = (externalId: string, email: string | null, known: Partial<Known> = {}, hash = 'h') => ({
  ...{ row: { externalId, modifiedAt: null, email, name: null }, hash },
  known: { version: 0, targetId: null, ...known },
});

/** The other system, where writes happen once for each effect key, as connectorWrite makes them. */
function aTarget(records: Record<string, string> = {}) {
  const kept = new Map(Object.entries(records));
  const contents = new Map<string, { email: string }>();
  const effects = new Map<string, string>();
  const writes: string[] = [];
  let refuse: (action: AwaitedWrite['action']) => Fault | null = () => null;
  let pending = false;
  const sink = connectionSink({
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    content: {
      putFor: async (_tenant: TenantId, owner: string, input: { email: string }) => {
        contents.set(owner, input);
        return { id: owner, sha256: '', bytes: 0 };
      },
    } as never,
    connectors: {
      read: async (_tenant: TenantId, _id: ConnectionId, _stream: string, query: { filter: { email: string } }) => ({
        rows: [...kept].flatMap(([externalId, email]) => {
          // A search of theirs finds more than what is alike.
          return email.toLowerCase().includes(query.filter.email) ? [{ externalId, modifiedAt: null, email }] : [];
        }),
      }),
    } as never,
    workflows: {
      write: async ({ effectKey, action }: AwaitedWrite) => {
        const fault = refuse(action);
        if (fault) throw fault;
        if (pending) return null;
        const before = effects.get(effectKey);
        if (before !== undefined) return { externalId: before, link: null };
        const externalId = action.kind === 'update' ? action.externalId : `t${kept.size + 1}`;
        kept.set(externalId, contents.get(action.contentId)?.email ?? '');
        effects.set(effectKey, externalId);
        writes.push(`${action.kind} ${externalId}`);
        return { externalId, link: null };
      },
    } as never,
  });
  return {
    sink,
    contents,
    writes,
    refuses: (next: typeof refuse) => void (refuse = next),
    waits: (next: boolean) => void (pending = next),
  };
}

test('a record is found by its key and updated, or created; what ours does not know is not written', async () => {
  const { sink, writes, contents } = aTarget({ t1: 'Ada@bakery.test', t9: 'xgrace@bakery.test' });
  const rows = [rowOf('1', 'ada@bakery.test'), rowOf('2', 'grace@bakery.test')];
  const delivered = await sink.deliver(to, ref, { ...batch, rows });
  expect(delivered).toEqual({
    refused: [],
    targetIds: new Map([
      ['1', 't1'],
      ['2', 't3'],
    ]),
  });
  expect(writes.sort()).toEqual(['create t3', 'update t1']);
  expect([...contents.values()]).toContainEqual({ email: 'grace@bakery.test' });
});

test('delivered again it is the same write; another version of the record is another, also when it is as it was', async () => {
  const { sink, writes } = aTarget();
  const deliver = (known: Partial<Known>, hash: string) =>
    sink.deliver(to, ref, { ...batch, rows: [rowOf('1', 'ada@bakery.test', known, hash)] });
  await deliver({}, 'a');
  await deliver({ version: 1, targetId: 't1' }, 'b');
  await deliver({ version: 1, targetId: 't1' }, 'b');
  await deliver({ version: 2, targetId: 't1' }, 'a');
  await deliver({ version: 3, targetId: 't1' }, 'b');
  expect(writes).toEqual(['create t1', 'update t1', 'update t1', 'update t1']);
});

test('one that was deleted over there is looked for, and made anew', async () => {
  const { sink, writes, refuses } = aTarget();
  refuses((action) => (action.kind === 'update' ? new Fault('not_found', 'gone') : null));
  const rows = [rowOf('1', 'ada@bakery.test', { version: 4, targetId: 't7' })];
  await sink.deliver(to, ref, { ...batch, rows });
  expect(writes).toEqual(['create t1']);
});

test.each([
  ['has no key', rowOf('1', null), 'it has no email'],
  ['is there several times', rowOf('1', 'ada@bakery.test'), 'several contacts'],
])('a record that %s is left out with its reason, and the others go on', async (_what, row, reason) => {
  const { sink, writes } = aTarget({ t1: 'ada@bakery.test', t2: 'ada@bakery.test' });
  const { refused } = await sink.deliver(to, ref, { ...batch, rows: [row, rowOf('2', 'grace@bakery.test')] });
  expect(refused).toEqual([{ externalId: '1', reason: expect.stringContaining(reason) }]);
  expect(writes).toEqual(['create t3']);
});

test('what the system refuses is left out by its fields, never its values; one that waits for people is left out too', async () => {
  const { sink, refuses, waits } = aTarget();
  const fields = [{ path: 'email', message: 'is no address' }];
  refuses(() => new Fault('provider_rejected', 'it was refused', { fields }));
  const rows = [rowOf('1', 'ada@bakery.test')];
  const { refused } = await sink.deliver(to, ref, { ...batch, rows });
  expect(refused).toEqual([{ externalId: '1', reason: 'it was refused: email is no address' }]);
  refuses(() => null);
  waits(true);
  const waiting = await sink.deliver(to, ref, { ...batch, rows });
  expect(waiting.refused).toEqual([{ externalId: '1', reason: expect.stringContaining('a person’s decision') }]);
});

test('trouble of the system itself stops the delivery: it is no fault of a record', async () => {
  const { sink, refuses } = aTarget();
  refuses(() => new Fault('provider_down', 'away'));
  const delivery = sink.deliver(to, ref, { ...batch, rows: [rowOf('1', 'ada@bakery.test')] });
  await expect(delivery).rejects.toMatchObject({ code: 'provider_down' });
});
