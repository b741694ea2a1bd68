import { describe, expect, test } from '@jest/globals';
import { catalogue as everyAgent } from '../../agents/index.ts';
import { CATEGORY_RESOURCES } from '../../ports/categories.ts';
import { Fault } from '../../ports/errors.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import { DEFAULT_ASK, mayHave } from '../../ports/tools.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import { argsHash } from '../guardrails/args-hash.ts';
import { acme, alone, hash, openTools, rival, runId } from '../../workers/testing/tools.ts';

const connectionId = '55555555-5555-4555-8555-555555555555';
const writes = [
  { kind: 'create', safety: 'probe', fields: ['lastName', 'email'] },
  { kind: 'update', safety: 'idempotent', fields: ['email'] },
  { kind: 'delete', safety: 'idempotent', fields: [] },
];
const place = {
  connectionId,
  connectorId: 'zoho',
  title: 'Zoho',
  stream: { name: 'Contacts', title: 'contacts', writes },
};

/** A CRM that knows what it was asked by whom. */
const crm = () => {
  const asked: unknown[] = [];
  const port = {
    place: async (_of: object, resource: string) => {
      if (resource === 'leads') throw new Fault('unsupported', 'Zoho has no leads here');
      return place;
    },
    list: async (of: object, resource: string, query: object) => {
      asked.push({ of, resource, query });
      return { items: [{ externalId: '1', notes: 'n'.repeat(20_000) }], unreadable: [], nextCursor: 'c', total: 1 };
    },
    read: async (of: object, resource: string, id: string) => {
      asked.push({ of, resource, id });
      if (id === 'gone') throw new Fault('not_found', 'There is no such contact.');
      if (id === 'down') throw new Fault('provider_down', 'Zoho is away');
      return { externalId: id };
    },
  };
  return { asked, categories: { crm: port } };
};

describe('calls are read', () => {
  test('C88: arguments that are no JSON, no object or do not fit go back to the model in words; none at all are an empty object', async () => {
    const { toolbox, pin } = openTools({ categories: crm().categories });
    const tools = await pin(['crm_read', 'recall']);
    const refused = (name: string, args: string) => {
      const read = toolbox.read({ tools }, name, args);
      return 'refused' in read ? (JSON.parse(read.refused) as { error: string }).error : null;
    };
    expect(refused('crm_read', '{"resource":')).toMatch(/not valid JSON/);
    expect(refused('crm_read', '["contacts"]')).toMatch(/not valid JSON/);
    expect(refused('crm_read', '{"resource":"orders","id":"1"}')).toMatch(/resource/);
    expect(refused('crm_read', '{"resource":"contacts","id":"1","more":1}')).toMatch(/more/);
    expect(refused('crm_delete', '{}')).toMatch(/no tool named crm_delete; the tools are crm_read, recall/);
    expect(refused('crm_read', ' '.repeat(9))).toMatch(/resource/);
    expect(refused('recall', '')).toBeNull();
    expect(refused('crm_read', `{"resource":"contacts","id":"${'x'.repeat(300_000)}"}`)).toMatch(/too long/);
  });

  test('C87: equal calls have equal hashes, in whatever order they were written, and every change changes it', () => {
    const of = (tool: string, input: Record<string, unknown>) => argsHash(hash, tool, input);
    const call = of('crm_write', { fields: { a: 1, b: [1, { c: 2, d: 3 }] }, id: '1' });
    expect(of('crm_write', { id: '1', fields: { b: [1, { d: 3, c: 2 }], a: 1 } })).toBe(call);
    expect(of('crm_write', { id: '2', fields: { a: 1, b: [1, { c: 2, d: 3 }] } })).not.toBe(call);
    expect(of('crm_write', { id: '1', fields: { a: 1, b: [{ c: 2, d: 3 }, 1] } })).not.toBe(call);
    expect(of('crm_write', { id: '1', fields: { a: '1', b: [1, { c: 2, d: 3 }] } })).not.toBe(call);
    expect(of('cms_write', { fields: { a: 1, b: [1, { c: 2, d: 3 }] }, id: '1' })).not.toBe(call);
    expect(of('t', JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>)).not.toBe(of('t', {}));
  });
});

describe('tools of a category', () => {
  test('what is read is asked of the tenant of the run, and long texts are cut so that all of it fits', async () => {
    const { asked, categories } = crm();
    const { pin, called, run } = openTools({ categories });
    const tools = await pin(['crm_list', 'crm_read']);
    const args = { resource: 'contacts', limit: 5 };
    const { ok, content } = await run(called(tools, 'crm_list', args));
    expect(ok).toBe(true);
    expect(content.length).toBeLessThan(8001);
    expect(JSON.parse(content)).toMatchObject({ nextCursor: 'c', items: [{ externalId: '1' }] });
    await run(called(tools, 'crm_read', { resource: 'contacts', id: '1' }, { tenantId: rival }));
    expect(asked).toMatchObject([{ of: { tenantId: acme } }, { of: { tenantId: rival } }]);
    expect(() => called(tools, 'crm_read', { resource: 'contacts', id: '1', tenantId: rival })).toThrow(/tenantId/);
  });

  test('what the model can mend is told to it, and what it cannot stops the call', async () => {
    const { pin, called, run } = openTools({ categories: crm().categories });
    const tools = await pin(['crm_read']);
    const gone = await run(called(tools, 'crm_read', { resource: 'contacts', id: 'gone' }));
    expect(gone).toEqual({ ok: false, content: '{"error":"There is no such contact."}' });
    const down = run(called(tools, 'crm_read', { resource: 'contacts', id: 'down' }));
    await expect(down).rejects.toMatchObject({ code: 'provider_down' });
  });

  test('a change is checked, put by reference, and asked about where the tenant wants to be', async () => {
    const checkWrite = (_connector: string, _stream: string, { input }: { input?: object }) => {
      if (input && 'wrong' in input) {
        throw new Fault('invalid_request', 'This does not fit.', {
          fields: [{ path: 'wrong', message: 'is no field' }],
        });
      }
    };
    const tenantSettings = { get: async () => TenantSettings.parse({ writeApprovals: { kinds: ['create'] } }) };
    const { pin, called, act, kept } = openTools({
      categories: crm().categories,
      connectors: { checkWrite },
      tenantSettings,
    });
    const tools = await pin(['crm_write', 'crm_delete']);
    expect(tools).toMatchObject([
      { route: 'write', effect: 'write', consent: { kind: 'ask', policy: DEFAULT_ASK } },
      { route: 'write', effect: 'irreversible', consent: { kind: 'ask' } },
    ]);
    expect(tools[0]?.description).toContain('Zoho can: create contacts (lastName, email); update contacts (email)');
    expect(tools.map(({ parameters }) => parameters['type'])).toEqual(['object', 'object']);
    const create = called(tools, 'crm_write', { resource: 'contacts', fields: { lastName: 'Lee' } });
    const acted = await act(create);
    const [[key, input] = []] = [...kept];
    expect(input).toEqual({ lastName: 'Lee' });
    expect(acted).toMatchObject({
      act: {
        kind: 'write',
        connectorId: 'zoho',
        write: {
          ...{ tenantId: acme, connectionId, stream: 'Contacts', effectKey: create.effectKey },
          action: { kind: 'create', contentId: key?.split('/')[1] },
        },
      },
      shown: { subject: 'Create in contacts of Zoho', connectionId },
      asks: { roles: ['tenant_admin'] },
    });
    const update = await act(called(tools, 'crm_write', { resource: 'contacts', id: '1', fields: { email: null } }));
    expect(update).toMatchObject({ act: { write: { action: { kind: 'update', externalId: '1' } } } });
    expect(update).not.toHaveProperty('asks');
    const wrong = await act(called(tools, 'crm_write', { resource: 'contacts', fields: { wrong: 1 } }));
    expect(wrong).toEqual({ refused: JSON.stringify({ error: 'This does not fit.\nwrong is no field' }) });
    const remove = await act(called(tools, 'crm_delete', { resource: 'contacts', id: '1' }));
    expect(remove).toMatchObject({ act: { write: { action: { kind: 'delete', externalId: '1' } } } });
  });
});

test('C87: a change that people were shown goes where they were shown it, though another system would be chosen by now', async () => {
  const other = '66666666-6666-4666-8666-666666666666';
  const chosen = async (of: { connectionId?: string }) => ({ ...place, connectionId: of.connectionId ?? other });
  const { pin, called, act } = openTools({
    categories: { crm: { place: chosen } },
    connectors: { checkWrite: () => undefined },
  });
  const tools = await pin(['crm_write', 'crm_delete']);
  const through = connectionId as never;
  for (const [tool, args] of [
    ['crm_write', { resource: 'contacts', fields: { lastName: 'Lee' } }],
    ['crm_delete', { resource: 'contacts', id: '1' }],
  ] as const) {
    const call = called(tools, tool, args);
    expect(await act(call)).toMatchObject({ act: { write: { connectionId: other } } });
    expect(await act({ ...call, through })).toMatchObject({
      act: { write: { connectionId } },
      shown: { connectionId },
    });
    // A person may send it elsewhere, by name.
    const edited = called(tools, tool, { ...args, connectionId: other });
    expect(await act({ ...edited, through })).toMatchObject({ act: { write: { connectionId: other } } });
  }
});

describe('memory and knowledge', () => {
  test('C84: what is remembered names its source, and comes back as material', async () => {
    const said: unknown[] = [];
    const memory = {
      remember: async (...args: unknown[]) => {
        said.push(args);
        return { id: 'fact' };
      },
      recall: async () => [{ fact: 'Anna likes letters', createdAt: 'now' }],
    };
    const { pin, called, run, toolbox } = openTools({ memory });
    const tools = await pin(['remember', 'recall']);
    const call = called(tools, 'remember', { fact: ' Anna likes letters ' });
    await expect(run(call)).resolves.toMatchObject({ ok: true, receipt: 'fact' });
    expect(said).toEqual([
      [acme, 'Seller', { fact: 'Anna likes letters', source: { runId, seq: 7 }, opId: call.effectKey }],
    ]);
    expect(toolbox.family(call.tool).repeatable?.(call.tool, call.input)).toBe(true);
    expect(tools).toMatchObject([
      { name: 'remember', effect: 'write', external: false },
      { name: 'recall', effect: 'read', external: true },
    ]);
    expect(() => called(tools, 'remember', { fact: 'a\0b' })).toThrow(/NUL/);
  });
});

describe('handing work on', () => {
  const agent = (id: string) => ({ id, title: id, description: 'd' });
  const catalogue = { agents: () => ['Seller', 'Writer', 'Editor'].map(agent), crews: () => [] };
  const names = ['delegate_to_Seller', 'delegate_to_Writer', 'delegate_to_Editor', 'delegate_to_Nobody'];

  test('C88: nobody hands work to itself, back to whom it came from, or deeper than three', async () => {
    const { pin, called, act } = openTools({ catalogue });
    const offered = async (path: string[], agentId: string) =>
      (await pin(names, { agentId, lineage: { ...alone, path } })).map(({ name }) => name);
    expect(await offered([], 'Seller')).toEqual(['delegate_to_Writer', 'delegate_to_Editor']);
    expect(await offered(['Seller'], 'Writer')).toEqual(['delegate_to_Editor']);
    expect(await offered(['Seller', 'Writer'], 'Editor')).toEqual([]);
    // Even a pin that offers it is not enough.
    const tools = await pin(names, { agentId: 'Seller' });
    const back = called(
      tools,
      'delegate_to_Writer',
      { task: 't' },
      { agentId: 'Editor', lineage: { ...alone, path: ['Writer'] } },
    );
    expect(await act(back)).toMatchObject({ refused: expect.stringContaining('at work on this already') });
  });

  test('the other agent gets a run of its own, the same for each attempt, and knows whose work it is', async () => {
    const { pin, called, act, tell, kept } = openTools({ catalogue });
    const lineage = { crewRunId: runId, parentRunId: runId, path: [] };
    const [tool] = await pin(['delegate_to_Writer'], { lineage });
    const call = called([tool as PinnedTool], 'delegate_to_Writer', { task: 'Write it.' }, { lineage });
    const first = await act(call);
    expect(first).toMatchObject({
      act: {
        kind: 'delegate',
        task: {
          ...{ tenantId: acme, agentId: 'Writer', limits: null, operationId: null },
          lineage: { crewRunId: runId, parentRunId: runId, path: ['Seller'] },
          tools: ['board_read', 'board_write', 'send_message', 'read_messages'],
        },
      },
    });
    expect([...kept.values()]).toEqual([{ brief: 'Write it.' }]);
    const again = await act(call);
    const runOfTask = (acted: typeof again) => 'act' in acted && acted.act.kind === 'delegate' && acted.act.task.runId;
    expect(runOfTask(again)).toBe(runOfTask(first));
    const [id] = [...kept.keys()].map((key) => key.split('/')[1] ?? '');
    expect(JSON.parse(await tell(call, id ?? ''))).toEqual({ answer: { brief: 'Write it.' } });
  });

  test('a crew shares a board, and nobody outside one has it', async () => {
    const told: unknown[] = [];
    const board = {
      read: async () => [
        { key: 'plan', version: 1, author: 'Writer', content: { id: '00000000-0000-4000-8000-000000000000' } },
      ],
      write: async (...args: unknown[]) => {
        told.push(args);
        return { version: 2 };
      },
      send: async (...args: unknown[]) => void told.push(args),
      messages: async () => [],
    };
    const { pin, called, run } = openTools({ board });
    const all = ['board_read', 'board_write', 'send_message', 'read_messages'];
    expect(await pin(all)).toEqual([]);
    const lineage = { crewRunId: runId, parentRunId: runId, path: [] };
    const tools = await pin(all, { lineage });
    expect(tools.map(({ name, external }) => [name, external])).toEqual([
      ...[
        ['board_read', true],
        ['board_write', false],
        ['send_message', false],
        ['read_messages', true],
      ],
    ]);
    const write = called(tools, 'board_write', { key: 'plan', content: 'a', expected: 1 }, { lineage });
    await expect(run(write)).resolves.toMatchObject({ ok: true, content: '{"version":2}' });
    expect(told).toMatchObject([[acme, runId, { key: 'plan', author: 'Seller', expected: 1, opId: write.effectKey }]]);
    const read = await run(called(tools, 'board_read', {}, { lineage }));
    expect(JSON.parse(read.content)).toEqual({
      entries: [{ key: 'plan', version: 1, author: 'Writer', content: 'a' }],
    });
  });

  test('C84: what a run wrote that had read orders makes whoever reads it as careful', async () => {
    const lines: { content: { id: string } }[] = [];
    const add = async (_tenant: string, _run: string, { content }: { content: { id: string } }) => {
      lines.push({ content });
      return { version: lines.length };
    };
    const all = async () => lines.map((line, at) => ({ ...line, seq: at + 1, from: 'Writer', to: null, key: 'k' }));
    const { pin, called, run } = openTools({ board: { read: all, messages: all, write: add, send: add } });
    const lineage = { crewRunId: runId, parentRunId: runId, path: [] };
    const tools = await pin(['board_read', 'board_write', 'send_message', 'read_messages'], { lineage });
    const read = () =>
      Promise.all(['board_read', 'read_messages'].map((name) => run(called(tools, name, {}, { lineage }))));
    await run(called(tools, 'board_write', { key: 'k', content: 'calm' }, { lineage }));
    expect(await read()).toMatchObject([{ flagged: false }, { flagged: false }]);
    await run(called(tools, 'send_message', { text: 'wary' }, { lineage, flagged: true }));
    const [entries, messages] = await read();
    expect(entries).toMatchObject({ flagged: true });
    expect(messages).toMatchObject({ flagged: true, content: expect.stringContaining('"text":"wary"') });
  });

  test('what no database can hold is told to the model before it is asked', async () => {
    const lineage = { crewRunId: runId, parentRunId: runId, path: [] };
    const { pin, called } = openTools();
    const tools = await pin(['read_messages'], { lineage });
    expect(() => called(tools, 'read_messages', { after: 2 ** 31 }, { lineage })).toThrow(/2147483647/);
  });

  test('a crew cannot start a crew', async () => {
    const { pin } = openTools({ catalogue });
    expect(await pin(['run_crew'], { lineage: { ...alone, crewRunId: runId } })).toEqual([]);
    expect(await pin(['run_crew'])).toMatchObject([{ route: 'workflow', effect: 'write', consent: { kind: 'ask' } }]);
  });
});

test('a sync is started as the tenant chose it, under an id of its own', async () => {
  const connections = {
    get: async () => ({ connectorId: 'wordpress', sync: [{ stream: 'posts', sink: 'knowledge' }] }),
  };
  const { pin, called, act } = openTools({ connections });
  const tools = await pin(['start_sync']);
  const acted = await act(called(tools, 'start_sync', { connectionId, stream: 'posts' }));
  expect(acted).toMatchObject({
    act: {
      ...{ kind: 'workflow', workflow: 'syncStream', taskQueue: 'operations' },
      workflowId: expect.stringMatching(new RegExp(`^syncStream:${acme}:${connectionId}/posts/[0-9a-f]{16}$`)),
      input: { tenantId: acme, connectionId, sink: 'knowledge', mode: 'incremental', operationId: null },
    },
  });
  const other = await act(called(tools, 'start_sync', { connectionId, stream: 'pages' }));
  expect(other).toMatchObject({ refused: expect.stringContaining('nobody chose') });
});

test('a tenant gives an agent what it declares, what all may have, and its own servers’ tools', () => {
  const declared = ['crm_read'];
  expect(['crm_read', 'ask_person', 'mcp_desk_lookup', 'http_get'].every((name) => mayHave(name, declared))).toBe(true);
  expect(['crm_write', 'run_crew', 'delegate_to_Writer', 'board_write'].some((name) => mayHave(name, declared))).toBe(
    false,
  );
});

test('every tool that an agent declares is there, in a form that all models take', async () => {
  const place = () => Promise.reject(new Fault('not_connected', 'none'));
  const categories = Object.fromEntries(Object.keys(CATEGORY_RESOURCES).map((name) => [name, { place }]));
  const { pin } = openTools({ categories });
  const declared = [...new Set(everyAgent.agents().flatMap(({ tools }) => tools))];
  const tools = await pin(declared);
  expect(tools.map(({ name }) => name)).toEqual(declared);
  for (const { name, parameters } of tools) {
    expect([name, parameters['type']]).toEqual([expect.stringMatching(/^[\w-]{1,64}$/), 'object']);
  }
});
