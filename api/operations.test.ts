import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { openTemporal } from '../adapters/temporal/client.ts';
import { Email, OperationId, PLATFORM } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { openNamespace, testAddress, testConverter } from '../workers/testing/namespace.ts';
import type { TestNamespace } from '../workers/testing/namespace.ts';
import { until } from '../workers/testing/until.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

let database: TestDatabase;
let space: TestNamespace;
let ports: ApiDeps['ports'];
let api: TestApi;
let admin: Principal;
let polls = 0;

beforeAll(async () => {
  [database, space] = await Promise.all([freshDatabase(), openNamespace()]);
  const stores = postgresStores(database.db);
  const { eventsAfter } = stores.operations;
  stores.operations.eventsAfter = (...args) => {
    polls += 1;
    return eventsAfter(...args);
  };
  ports = { ...stores, connectors: { list: () => [] } } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal: space.client });
  const email = Email.parse('root@platform.test');
  const userId = await seedPlatformRole(database.db, email, 'platform_admin');
  admin = { userId, email, role: 'platform_admin', tenantId: null };
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
  await database.close();
});

const open = (at: TestApi, slug: string, key?: string) =>
  at.post('/api/v1/tenants', {
    as: admin,
    body: { name: 'Acme', slug, ownerEmail: 'owner@acme.test' },
    headers: key === undefined ? {} : { 'Idempotency-Key': key },
  });

const rowsOf = async (slug: string) => {
  const { data } = await ports.operations.list(PLATFORM, { limit: 100 });
  const rows = await Promise.all(data.map(({ id }) => ports.operations.get(PLATFORM, id)));
  return rows.filter(({ workflowId }) => workflowId === `onboardTenant:platform:${slug}`);
};

/** A way to Temporal that can be cut and mended. */
const openWay = async () => {
  const [host = '', port = ''] = testAddress().split(':');
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(port), host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      isCut = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

describe('starts', () => {
  test('an onboarding is answered 202 with the operation that Location names, and Temporal runs its workflow', async () => {
    const { status, headers, json } = await open(api, 'started');
    expect(status).toBe(202);
    expect(json).toMatchObject({ kind: 'onboardTenant', outcome: 'running', tenantId: PLATFORM });
    expect(json).not.toHaveProperty('workflowId');
    const followed = await api.get(headers.get('location') ?? '', { as: admin });
    expect(followed.json).toEqual(json);
    const described = await space.client.workflow.getHandle('onboardTenant:platform:started').describe();
    expect(described.memo).toEqual({ operationId: json.id });
    expect(described.searchAttributes).toMatchObject({ TenantId: ['platform'], Operation: ['onboardTenant'] });
  });

  test('of two onboardings of one slug at once one is started, the other is a 409, and nothing is left of it', async () => {
    const answers = await Promise.all([open(api, 'contested'), open(api, 'contested')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.json).toMatchObject({ code: 'conflict', errors: [{ path: 'slug', message: 'is taken' }] });
    expect(await rowsOf('contested')).toHaveLength(1);
  });

  test('C4: while Temporal is down a start is refused within two seconds and leaves no row; the same key then starts once', async () => {
    const way = await openWay();
    const temporal = openTemporal({ ...space.temporal, address: way.address }, testConverter);
    await using cutOff = await openApi({ ports, temporal: temporal.client });
    const key = randomUUID();
    try {
      way.cut();
      const began = performance.now();
      const refused = await open(cutOff, 'while-down', key);
      expect(performance.now() - began).toBeLessThan(2000);
      expect([refused.status, refused.json.code]).toEqual([503, 'unavailable']);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await rowsOf('while-down')).toEqual([]);

      way.mend();
      const started = await until(
        'a start',
        () => open(cutOff, 'while-down', key),
        ({ status }) => status === 202,
      );
      const again = await open(cutOff, 'while-down', key);
      expect([again.status, again.json.id]).toEqual([202, started.json.id]);
      expect(await rowsOf('while-down')).toHaveLength(1);
    } finally {
      await temporal[Symbol.asyncDispose]();
      way.close();
    }
  });

  test('C79: a start whose answer was lost is known as our own when it is repeated', async () => {
    const key = randomUUID();
    const lossy = {
      workflow: new Proxy(space.client.workflow, {
        get: (client, name) =>
          name === 'start'
            ? async (...args: Parameters<typeof client.start>) => {
                await client.start(...args);
                throw Object.assign(new Error('lost'), { code: 14, details: 'connection dropped' });
              }
            : (Reflect.get(client, name) as (...args: unknown[]) => unknown).bind(client),
      }),
    };
    await using losing = await openApi({ ports, temporal: lossy });
    expect((await open(losing, 'answer-lost', key)).status).toBe(503);
    const { status, json } = await open(api, 'answer-lost', key);
    expect(status).toBe(202);
    const described = await space.client.workflow.getHandle('onboardTenant:platform:answer-lost').describe();
    expect(described.memo).toEqual({ operationId: json.id });
    // Somebody else's start of the same slug is still refused.
    expect((await open(api, 'answer-lost')).status).toBe(409);
  });

  test('C78: an update that no worker takes is a 503 within five seconds', async () => {
    const { json } = await open(api, 'nobody-works');
    expect(json.outcome).toBe('running');
    const { update } = await import('./temporal.ts');
    const { toFault } = await import('./faults.ts');
    const { decideUpdate } = await import('../workflows/approval.ts');
    const began = performance.now();
    const asked = update(space.client, {
      workflowId: 'onboardTenant:platform:nobody-works',
      definition: decideUpdate,
      args: [{} as never],
      updateId: randomUUID(),
      ended: toFault('ended'),
    });
    const fault = await asked.then(() => null, toFault);
    expect(fault?.code).toBe('unavailable');
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('a cancel reaches the workflow, and what has ended cannot be cancelled', async () => {
    const { json } = await open(api, 'unwanted');
    const path = `/api/v1/operations/${String(json.id)}/cancel`;
    expect((await api.post(path, { as: admin })).status).toBe(202);
    const events = await space.client.workflow.getHandle('onboardTenant:platform:unwanted').fetchHistory();
    expect(JSON.stringify(events)).toContain('workflowExecutionCancelRequestedEventAttributes');
    await ports.operations.settle(OperationId.parse(json.id), 'cancelled', null);
    const late = await api.post(path, { as: admin });
    expect([late.status, late.json.code]).toEqual([409, 'conflict']);
  });
});

interface Heard {
  id: string | undefined;
  event: string | undefined;
  data: Record<string, unknown>;
}

/** Reads a stream of events until it ends, or until enough was heard. */
const listen = async (id: string, { after, enough }: { after?: string; enough?: number } = {}): Promise<Heard[]> => {
  const response = await fetch(`${api.url}/api/v1/operations/${id}/events`, {
    headers: {
      Authorization: `Bearer ${await api.token(admin)}`,
      ...(after === undefined ? {} : { 'Last-Event-ID': after }),
    },
  });
  expect(response.headers.get('content-type')).toMatch('text/event-stream');
  const heard: Heard[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field('data');
      if (data === undefined) continue;
      heard.push({ id: field('id'), event: field('event'), data: JSON.parse(data) as Heard['data'] });
    }
    if (enough !== undefined && heard.length >= enough) break;
  }
  return heard;
};

describe('events', () => {
  const begin = async () => {
    const id = OperationId.parse(randomUUID());
    const workflowId = `onboardTenant:platform:${id}`;
    await ports.operations.begin({
      id,
      scope: PLATFORM,
      workflowId,
      kind: 'onboardTenant',
      startedBy: admin.userId,
      idempotencyKey: null,
    });
    const tell = (step: string) => ports.operations.record(id, { step, state: 'completed', message: step });
    return { id, tell, settle: () => ports.operations.settle(id, 'completed', null) };
  };
  const steps = (heard: Heard[]) => heard.map(({ event, data }) => (event === 'step' ? data.step : event));

  test('a viewer hears each step in order as it happens, and the end', async () => {
    const { id, tell, settle } = await begin();
    await tell('one');
    const listening = listen(id);
    await tell('two');
    await tell('three');
    await settle();
    const heard = await listening;
    expect(steps(heard)).toEqual(['one', 'two', 'three', 'settled']);
    expect(heard.at(-1)?.data).toEqual({ operationId: id, outcome: 'completed', error: null });
  });

  test('a viewer who comes back with the last id goes on from there, missing and repeating nothing', async () => {
    const { id, tell, settle } = await begin();
    for (const step of ['one', 'two', 'three', 'four']) await tell(step);
    const before = await listen(id, { enough: 2 });
    await settle();
    const after = await listen(id, { after: before[1]?.id ?? '' });
    expect([...steps(before.slice(0, 2)), ...steps(after)]).toEqual(['one', 'two', 'three', 'four', 'settled']);
    const refused = await api.get(`/api/v1/operations/${id}/events`, {
      as: admin,
      headers: { 'Last-Event-ID': 'x' },
    });
    expect(refused.status).toBe(400);
  });

  test('many viewers of many operations cost one poll, and nobody watching costs none', async () => {
    const running = await Promise.all([begin(), begin()]);
    polls = 0;
    const began = performance.now();
    const viewers = running.flatMap(({ id }) => Array.from({ length: 5 }, () => listen(id)));
    await until(
      'several polls',
      () => polls,
      (count) => count >= 4,
    );
    const everyMs = (performance.now() - began) / polls;
    expect(everyMs).toBeGreaterThan(200);
    for (const { tell, settle } of running) {
      await tell('one');
      await settle();
    }
    for (const heard of await Promise.all(viewers)) expect(steps(heard)).toEqual(['one', 'settled']);
    const atRest = await until(
      'rest',
      async () => {
        const before = polls;
        await new Promise((resolve) => setTimeout(resolve, 700));
        return polls - before;
      },
      (more) => more === 0,
    );
    expect(atRest).toBe(0);
  });
});
