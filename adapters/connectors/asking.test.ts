import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { BudgetAsk, BudgetEnd } from '../../ports/budgets.ts';
import type { RateBudgetPort } from '../../ports/budgets.ts';
import { Fault } from '../../ports/errors.ts';
import type { Manifest } from './manifest.ts';
import { connectionId, engineAt, tenantId, thingsBy, vendorOf } from './testing-engine.ts';
import { json, openVendors } from './testing.ts';
import type { Reply, Vendors } from './testing.ts';

let vendors: Vendors;
beforeAll(async () => {
  vendors = await openVendors(['api.vendor.test']);
});
afterAll(async () => vendors[Symbol.asyncDispose]());
beforeEach(() => void vendors.seen.splice(0));

const things = thingsBy({
  kind: 'pages',
  sizeMax: 3,
  call: () => ({ path: '/things', cost: 2 }),
  next: { kind: 'none' },
});
/** A budget that grants all and remembers. */
const budget = (waited = false) => {
  const taken: { ask: BudgetAsk; waitMs: number }[] = [];
  const ends: BudgetEnd[] = [];
  const take: RateBudgetPort['take'] = async (ask, _limits, waitMs) => {
    taken.push({ ask, waitMs });
    return { waited, settle: (end) => void ends.push(end) };
  };
  return { take, taken, ends };
};
const engineOf = (more: Partial<Manifest> = {}, budgets = budget()) => ({
  ...budgets,
  engine: engineAt(vendors, vendorOf({ things }, more), { budgets }),
});
const read = (engine: ReturnType<typeof engineAt>, more = {}) =>
  engine.read(tenantId, connectionId, 'things', { limit: 3, ...more });
/** The first answers, then the last of them for good. */
const inTurn = (...replies: Reply[]) =>
  vendors.answers((seen, response, request) =>
    (replies.length > 1 ? replies.shift() : replies[0])?.(seen, response, request),
  );
const status = (code: number, headers: Record<string, string> = {}, body: unknown = {}) => json(body, code, headers);
const good = json({ items: [{ id: 1 }] });

describe('budget and patience', () => {
  test('each call takes its cost in its lane, and gives back what the vendor told', async () => {
    inTurn(json({ items: [] }, 200, { 'x-left': '7' }));
    const { engine, taken, ends } = engineOf({
      inFlightMax: 4,
      tells: ({ headers }) => [{ limit: 'all', remaining: Number(headers.get('x-left')) }],
    });
    await read(engine, { lane: 'backfill' });
    expect(taken).toEqual([
      {
        ask: { tenantId, connectionId, connectorId: 'vendor', lane: 'backfill', cost: 2, inFlightMax: 4, narrow: [] },
        waitMs: expect.any(Number),
      },
    ]);
    expect(ends).toEqual([{ told: [{ limit: 'all', remaining: 7 }] }]);
  });

  test('a wait for our own budget is counted; of a call that could not be sent nothing is taken', async () => {
    inTurn(good);
    await expect(read(engineOf({}, budget(true)).engine)).resolves.toMatchObject({ calls: 1, throttled: 1 });
    const { engine, ends } = engineOf({ base: 'http://api.vendor.test/v1' });
    await expect(read(engine)).rejects.toMatchObject({ code: 'host_refused' });
    expect(ends).toHaveLength(1);
  });

  test.each<[string | null, number | null, number]>([
    ['0', 0, 2],
    ['-5', 0, 2],
    ['nonsense', null, 1],
    [null, null, 1],
    ['1', 1000, 1],
    ['1000000000', 3_600_000, 1],
    [new Date(Date.now() + 600_000).toUTCString(), 600_000, 1],
  ])(
    'C53: Retry-After %j: everyone who shares the limit hears of it, and nobody waits here for long',
    async (header, toldMs, calls) => {
      // What may be waited for here at all is made as short as a test is.
      const patience = Date.now();
      inTurn(status(429, header === null ? {} : { 'retry-after': header }), good);
      const { engine, ends } = engineOf();
      const outcome = await read(engine, { lane: 'interactive' }).catch((error: unknown) => error);
      expect(Date.now() - patience).toBeLessThan(3_000);
      const [first] = ends;
      if (toldMs === null) expect(first?.refused).toEqual({ retryAfterMs: null });
      else expect(Math.abs((first?.refused?.retryAfterMs ?? Number.NaN) - toldMs)).toBeLessThan(30_000);
      expect(ends).toHaveLength(vendors.seen.length);
      if (outcome instanceof Fault) expect(outcome.code).toBe('provider_rate_limited');
      else
        expect(outcome).toMatchObject({
          rows: [{ externalId: '1' }],
          calls: vendors.seen.length,
          throttled: vendors.seen.length - 1,
        });
      expect(vendors.seen.length).toBeGreaterThanOrEqual(Math.min(calls, 2));
    },
  );

  test('C53: a vendor that never has room is asked three times at most, then whoever asked waits elsewhere', async () => {
    inTurn(status(429, { 'retry-after': '0' }));
    const { engine, ends } = engineOf();
    await expect(read(engine)).rejects.toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 0 });
    expect(vendors.seen).toHaveLength(3);
    expect(ends).toHaveLength(3);
  });

  test('C53: a refusal inside a 200 tells of the limit as well', async () => {
    inTurn(json({ code: 'THROTTLED', left: 0 }));
    const { engine, ends } = engineOf({
      errors: {
        code: 'code',
        refusedBy: (body) => 'code' in (body as object),
        rules: [{ is: ['THROTTLED'], fault: 'provider_rate_limited', message: 'slow down' }],
      },
      tells: () => [{ limit: 'points', remaining: 0 }],
    });
    const aborted = AbortSignal.timeout(50);
    await expect(read(engine, { signal: aborted })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(ends[0]).toEqual({ told: [{ limit: 'points', remaining: 0 }], refused: { retryAfterMs: null } });
  });
});

describe('refusals', () => {
  const errors: Manifest['errors'] = {
    code: ['error.code', 'errors.0.code'],
    yes: { at: 'ok', is: [true] },
    fieldsOf: (body) => ((body as { wrong?: string[] }).wrong ?? []).map((path) => ({ path, message: 'does not fit' })),
    rules: [
      { is: ['gone'], fault: 'not_found', message: 'is gone' },
      { status: 400, is: ['expired'], fault: 'credential_rejected', message: 'take a new token' },
      { status: 422, fault: 'provider_rejected', message: 'does not fit' },
    ],
  };
  test.each<[string, number, unknown, object]>([
    [
      'the first code that is there',
      400,
      { errors: [{ code: 'expired' }] },
      { code: 'credential_rejected', providerCode: 'expired' },
    ],
    ['a rule without a status, inside a 200', 200, { ok: false, error: { code: 'gone' } }, { code: 'not_found' }],
    ['a rule without a status, on any', 418, { error: { code: 'gone' } }, { code: 'not_found' }],
    ['a refusal inside a 200 that no rule knows', 200, { ok: false }, { code: 'provider_rejected' }],
    [
      'fields where they lie',
      422,
      { wrong: ['email'] },
      { code: 'provider_rejected', fields: [{ path: 'email', message: 'does not fit' }] },
    ],
    ['a conflict', 409, {}, { code: 'conflict' }],
    ['no right', 403, {}, { code: 'credential_forbidden' }],
    [
      'prose with a secret',
      400,
      { error: { code: 'your key sk canary is wrong' } },
      { code: 'provider_rejected', providerCode: null },
    ],
    ['a page', 500, '<html>canary</html>', { code: 'provider_down' }],
  ])('%s', async (_name, code, body, fault) => {
    inTurn(status(code, {}, body));
    const failure = await read(engineOf({ errors }).engine).catch((error: unknown) => error);
    expect(failure).toMatchObject(fault);
    expect(String(failure)).not.toContain('canary');
  });

  test.each<[string, Reply, string]>([
    ['an empty answer', (_seen, response) => response.writeHead(200).end(), 'provider_garbage'],
    [
      'a cut one',
      (_seen, response) => void response.writeHead(200, { 'content-length': '99' }).write('{"items":'),
      'provider_down',
    ],
    ['a reset', (_seen, response) => response.destroy(), 'provider_down'],
    ['half an answer', (_seen, response) => response.writeHead(200).end('{"items":['), 'provider_garbage'],
    [
      'a login page',
      (_seen, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'provider_garbage',
    ],
    ['what is not HTTP', (_seen, response) => void response.socket?.end('nonsense\r\n\r\n'), 'provider_down'],
  ])('C57: %s is a typed fault that may be tried again', async (_name, reply, code) => {
    vendors.answers((seen, response, request) => {
      reply(seen, response, request);
      // Cut where it was left open.
      if (!response.writableEnded) setImmediate(() => response.destroy());
    });
    // Of a list that may be absent, too: a dying proxy's empty page is no empty list.
    const engine = engineAt(vendors, vendorOf({ things: { ...things, absent: true } }));
    await expect(read(engine)).rejects.toMatchObject({ code });
  });

  test('204 and 304 are answers without a body', async () => {
    inTurn(status(204));
    const empty = engineAt(vendors, vendorOf({ things: { ...things, absent: true } }));
    await expect(read(empty)).resolves.toMatchObject({ rows: [], nextCursor: null });
    vendors.answers((_seen, response) => response.writeHead(304).end());
    await expect(read(empty)).resolves.toMatchObject({ rows: [] });
  });
});

test('a host that is down is left alone, and its state is told', async () => {
  inTurn(status(502));
  const { engine } = engineOf();
  for (let nth = 0; nth < 5; nth += 1) await expect(read(engine)).rejects.toMatchObject({ code: 'provider_down' });
  await expect(read(engine)).rejects.toMatchObject({ code: 'provider_down', retryAfterMs: expect.any(Number) });
  expect(vendors.seen).toHaveLength(5);
  const open = { host: 'api.vendor.test', state: 'open', failures: 5 };
  expect(engine.health('vendor')).toEqual([expect.objectContaining(open)]);
  expect(engine.health('vendor', { authMethod: 'token', settings: {} })).toEqual([expect.objectContaining(open)]);
});
