import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TenantId } from '../../ports/ids.ts';
import { sql } from './sql.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { aConnection, aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
let acme: TenantId;
let rival: TenantId;
beforeAll(async () => {
  fresh = await freshDatabase({ max: 10 });
  stores = postgresStores(fresh.db);
  [acme, rival] = [await aTenant(stores), await aTenant(stores)];
});
afterAll(() => fresh.close());

const source = { runId: randomUUID(), seq: 4 };
const learn = (tenantId: TenantId, fact: string, agentId = 'Seller', opId: string = randomUUID()) =>
  stores.memory.remember(tenantId, agentId, { fact, source, opId });
const recalled = async (tenantId: TenantId, query: string | null, agentId = 'Seller', limit = 10) =>
  (await stores.memory.recall(tenantId, agentId, query, limit)).map(({ fact }) => fact);

test('a fact is remembered once, however often it is said or the attempt is made again', async () => {
  const first = await learn(acme, 'Anna prefers letters.', 'Seller', 'op-1');
  expect(first).toMatchObject({ agentId: 'Seller', fact: 'Anna prefers letters.', source });
  await expect(learn(acme, 'Anna prefers letters.', 'Seller', 'op-1')).resolves.toEqual(first);
  await expect(learn(acme, 'Anna prefers letters.')).resolves.toEqual(first);
  // A retry whose model answer differed is still the same attempt.
  await expect(learn(acme, 'Anna likes letters.', 'Seller', 'op-1')).resolves.toEqual(first);
  await learn(acme, 'Deliveries go to the back door.');
  await expect(recalled(acme, null)).resolves.toEqual(['Deliveries go to the back door.', 'Anna prefers letters.']);
  await expect(recalled(acme, 'where do we deliver?')).resolves.toEqual(['Deliveries go to the back door.']);
  await expect(recalled(acme, '?!')).resolves.toEqual([]);
});

test('memory is of one agent of one tenant: nothing crosses, and nothing is deleted from outside', async () => {
  const [mine] = await stores.memory.recall(acme, 'Seller', null, 1);
  await expect(recalled(rival, null)).resolves.toEqual([]);
  await expect(recalled(rival, 'Anna letters')).resolves.toEqual([]);
  await expect(recalled(acme, null, 'Other')).resolves.toEqual([]);
  const fact = mine?.fact ?? '';
  await expect(learn(acme, fact, 'Another')).resolves.toMatchObject({ agentId: 'Another', fact });
  await stores.memory.forget(rival, 'Seller', mine?.id ?? '');
  await stores.memory.forget(acme, 'Other', mine?.id ?? '');
  await stores.memory.clear(rival);
  await expect(recalled(acme, null)).resolves.toHaveLength(2);
  await stores.memory.forget(acme, 'Seller', mine?.id ?? '');
  await stores.memory.forget(acme, 'Seller', mine?.id ?? '');
  await expect(recalled(acme, null)).resolves.toEqual(['Anna prefers letters.']);
  await stores.memory.clear(acme, 'Seller');
  await expect(recalled(acme, null)).resolves.toEqual([]);
});

test('an agent remembers 500 facts, and the oldest goes', async () => {
  await fresh.db.inTenant(acme, async (tx) => {
    await tx.query(sql.typeAlias('nothing')`
      INSERT INTO agent_memory (tenant_id, agent_id, fact, fact_hash, run_id, seq, op_id, created_at)
      SELECT ${acme}, 'Full', 'fact ' || n, 'h' || n, ${randomUUID()}, 0, 'o' || n, now() - (1000 - n) * interval '1 hour'
      FROM generate_series(1, 500) AS n`);
  });
  await learn(acme, 'the newest one', 'Full');
  const all = await recalled(acme, null, 'Full', 1000);
  expect(all).toHaveLength(500);
  expect(all.at(0)).toBe('the newest one');
  expect(all.at(-1)).toBe('fact 2');
});

test('knowledge is found by its words, best first, with the document that it is from, and by its own tenant alone', async () => {
  const document = (externalId: string, title: string, chunks: string[]) => ({
    ...{ externalId, title, link: `https://acme.test/${externalId}`, hash: 'h', chunks },
  });
  for (const tenantId of [acme, rival]) {
    const ref = { tenantId, connectionId: await aConnection(stores, tenantId), stream: 'posts' };
    const whose = tenantId === acme ? 'Acme' : 'Rival';
    await stores.knowledge.put(ref, document('1', 'Bakery', [`${whose} bakes rye bread.`, 'Opening hours: from 7.']));
    await stores.knowledge.put(ref, document('2', 'Cakes', [`${whose} has cakes with cherries, and sells bread.`]));
  }
  const [best, second, ...none] = await stores.knowledge.search(acme, 'Which bakeries have rye bread?', 10);
  expect(best).toMatchObject({ title: 'Bakery', link: 'https://acme.test/1', text: 'Acme bakes rye bread.' });
  expect(best?.chunkId).toBe(`${best?.documentId}/0`);
  expect(second?.title).toBe('Cakes');
  expect(none).toEqual([]);
  await expect(stores.knowledge.search(acme, 'rival', 10)).resolves.toEqual([]);
  await expect(stores.knowledge.search(acme, "'); DROP TABLE documents; --", 10)).resolves.toEqual([]);
  await expect(stores.knowledge.search(acme, '…', 10)).resolves.toEqual([]);
  await expect(stores.knowledge.search(acme, 'bread', 1)).resolves.toHaveLength(1);
});

const server = (name: string) => ({
  ...{
    id: randomUUID(),
    name,
    url: 'https://mcp.example/mcp',
    included: null,
    tools: [],
    toolsHash: 'h',
    vaultPath: null,
  },
});

test('a server of tools is known to its tenant alone, by one name, and says since when it shows other tools', async () => {
  const mine = await stores.mcpServers.put(acme, { ...server('notes'), included: ['lookup'], vaultPath: 'p' });
  expect(mine).toMatchObject({ name: 'notes', included: ['lookup'], vaultPath: 'p', changedAt: null });
  await expect(stores.mcpServers.put(acme, server('notes'))).rejects.toMatchObject({ code: 'conflict' });
  const toolNamed = (name: string) => [{ name, description: name, inputSchema: {}, readOnly: true }];
  const ab = await stores.mcpServers.put(acme, { ...server('ab'), tools: toolNamed('cd_x') });
  // Both would be mcp_ab_cd_x.
  const twin = stores.mcpServers.put(acme, { ...server('ab_cd'), tools: toolNamed('x') });
  await expect(twin).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('ab has the same') });
  const near = await stores.mcpServers.put(acme, { ...server('ab_cd'), tools: toolNamed('y') });
  const later = stores.mcpServers.pin(acme, near.id, 'h', { tools: toolNamed('x'), toolsHash: 'next' });
  await expect(later).rejects.toMatchObject({ message: expect.stringContaining('ab has the same') });
  for (const { id } of [ab, near]) await stores.mcpServers.remove(acme, id);
  await expect(stores.mcpServers.list(rival)).resolves.toEqual([]);
  await expect(stores.mcpServers.get(rival, mine.id)).rejects.toMatchObject({ code: 'not_found' });
  await stores.mcpServers.remove(rival, mine.id);
  await stores.mcpServers.markChanged(rival, mine.id);
  await expect(stores.mcpServers.get(acme, mine.id)).resolves.toEqual(mine);
  await expect(stores.mcpServers.put(rival, { ...server('taken'), id: mine.id })).rejects.toThrow();
  await stores.mcpServers.markChanged(acme, mine.id);
  const { changedAt } = await stores.mcpServers.get(acme, mine.id);
  expect(changedAt).not.toBeNull();
  await stores.mcpServers.markChanged(acme, mine.id);
  await expect(stores.mcpServers.get(acme, mine.id)).resolves.toMatchObject({ changedAt });
  // Agreed to anew.
  const { id, name, url, included, tools, vaultPath } = mine;
  await expect(
    stores.mcpServers.put(acme, { id, name, url, included, tools, vaultPath, toolsHash: 'new' }),
  ).resolves.toEqual({
    ...{ ...mine, toolsHash: 'new' },
  });
  await stores.mcpServers.remove(acme, mine.id);
  await stores.mcpServers.remove(acme, mine.id);
  await expect(stores.mcpServers.list(acme)).resolves.toEqual([]);
});

test('a tenant has 20 servers at most, whoever adds them at once', async () => {
  const added = await Promise.allSettled(
    Array.from({ length: 24 }, (_, n) => stores.mcpServers.put(rival, server(`s_${n}`))),
  );
  expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
  await expect(stores.mcpServers.list(rival)).resolves.toHaveLength(20);
});
