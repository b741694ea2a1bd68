import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { Fault } from '../ports/errors.ts';
import { Email } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import { anIssuer, policy } from '../workers/testing/rotations.ts';
import type { Issuer } from '../workers/testing/rotations.ts';
import { openOAuthGround } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';
import { until } from '../workers/testing/until.ts';
import type { TestApi, Told } from './testing.ts';

const DAY_MS = 86_400_000;
const SENDGRID_KEY = 'SG.emulatedGlobalKey00000.emulated-emulated-emulated-emulated-emulate';
const STRIPE_KEY = 'rk_test_51emulatedKornb';

let at: OAuthGround;
let api: TestApi;
let root: Principal;
let tenantId: TenantId;
let admin: Principal;

beforeAll(async () => {
  at = await openOAuthGround();
  ({ api } = at);
  const email = Email.parse('root@platform.test');
  const userId = await seedPlatformRole(at.ground.database.db, email, 'super_admin');
  root = { userId, email, role: 'super_admin', tenantId: null };
});
afterAll(async () => at[Symbol.asyncDispose]());
beforeEach(async () => {
  at.ground.emulator.control.reset();
  tenantId = await aTenant(at.ground.ports);
  admin = await at.member(tenantId, `admin-${tenantId}`);
  await at.ground.ports.rotations.setPolicy(policy());
});

const target = (subject: string, days = 1) => ({
  ...{ secretClass: 'vendor_api_key' as const, subject },
  since: new Date(Date.now() - days * DAY_MS).toISOString(),
});
/** The issuer's one class, with these secrets in every tenant. */
const withIssuer = (issuer: Issuer, targets = [target('one')]) =>
  at.ground.withPort({
    rotation: { ...issuer.port, targets: async (scope) => targets.map((each) => ({ scope, ...each })) },
  });
const start = (subject = 'one', asked: { headers?: Record<string, string>; as?: Principal } = {}) =>
  api.post('/api/v1/secrets/rotations', { as: admin, body: { secretClass: 'vendor_api_key', subject }, ...asked });
const read = (id: unknown, as = admin) => api.get(`/api/v1/secrets/rotations/${String(id)}`, { as });
const submit = (id: unknown, fields: Record<string, string>, as = admin) =>
  api.post(`/api/v1/secrets/rotations/${String(id)}/successor`, { as, body: { fields } });
const becomes = (id: unknown, holds: (row: Told['json']) => boolean, as = admin) =>
  until('the rotation is so', async () => (await read(id, as)).json, holds);
const asks = ({ step, outcome }: Told['json']) => step === 'asking' && outcome === 'running';
const isOver = ({ outcome }: Told['json']) => outcome === 'rotated' || outcome === 'rolled_back' || outcome === 'kept';
const list = async (as = admin, query = '') => {
  const { json } = await api.get(`/api/v1/secrets/rotation${query}`, { as });
  return json.data as Record<string, unknown>[];
};

describe('what is rotated', () => {
  test('is listed with its age, what is older than its policy, the next look and the last result; never a value', async () => {
    const undo = withIssuer(anIssuer(), [target('young', 10), target('old', 100)]);
    try {
      const policies = '/api/v1/secrets/rotation/policies';
      const wanted = { everyDays: 90, overlapHours: 0, asks: 'tenant', enabled: true };
      expect((await api.ask('PUT', `${policies}/vendor_api_key`, { as: root, body: wanted })).status).toBe(200);
      const started = await start('old');
      await becomes(started.json.rotationId, isOver);
      const shown = await until('a next look', list, (all) => all.every(({ nextRunAt }) => nextRunAt !== null));
      expect(shown).toMatchObject([
        { subject: 'young', drift: false, dueAt: expect.any(String), last: null },
        { subject: 'old', drift: true, last: { id: started.json.rotationId, outcome: 'rotated', message: null } },
      ]);
      expect((await list(admin, '?drift=true')).map(({ subject }) => subject)).toEqual(['old']);
      expect(await list(at.stranger)).toMatchObject([{ last: null }, { last: null }]);
    } finally {
      undo();
    }
  });

  test('of the platform is the platform’s people’s alone, with keys that were never shown', async () => {
    // A token was issued, so there is a ring of keys.
    await at.ground.ports.secrets.generate('platform/probe', { class: 'credential', createdBy: 'test' });
    const own = await list(root);
    expect(own.map(({ secretClass }) => secretClass)).toContain('payload_codec_key');
    const ring = await at.ground.ports.secrets.read('platform/payload-codec');
    for (const value of Object.values(ring?.values ?? {}).filter((one) => one.length > 20)) {
      expect(JSON.stringify(own)).not.toContain(value);
    }
    expect((await list(admin)).map(({ secretClass }) => secretClass)).not.toContain('payload_codec_key');
  });
});

describe('a rotation', () => {
  test('is an operation: its story says where it stands, and a repeated request is the same one', async () => {
    const undo = withIssuer(anIssuer());
    try {
      const headers = { 'Idempotency-Key': randomUUID() };
      const first = await start('one', { headers });
      const again = await start('one', { headers });
      expect([first.status, first.json]).toEqual([202, again.json]);
      expect(first.headers.get('location')).toBe(`/api/v1/operations/${String(first.json.id)}`);
      await becomes(first.json.rotationId, isOver);
      const events = await api.get(`/api/v1/operations/${String(first.json.id)}/events`, { as: admin });
      expect(events.text).toMatch(/cutting_over[^]*rotation[^]*settled/);
    } finally {
      undo();
    }
  });

  test('is refused for what is not there, for what cannot be rotated, and while one is at work', async () => {
    const undo = withIssuer(anIssuer({ by: null, why: 'nothing to rotate without a password' }));
    try {
      const unknown = await start('another');
      expect([unknown.status, unknown.json.detail]).toEqual([404, expect.stringContaining('/secrets/rotation')]);
      const unrotated = await start();
      expect([unrotated.status, unrotated.json.detail]).toEqual([422, 'nothing to rotate without a password']);
    } finally {
      undo();
    }
    const asking = withIssuer(anIssuer({ by: 'person', ask: null }));
    try {
      const first = await start();
      const second = await start();
      expect([second.status, second.json.code]).toEqual([409, 'conflict']);
      await becomes(first.json.rotationId, asks);
      expect(
        (await api.post(`/api/v1/secrets/rotations/${String(first.json.rotationId)}/cancel`, { as: admin })).status,
      ).toBe(202);
      expect(await becomes(first.json.rotationId, isOver)).toMatchObject({ outcome: 'kept' });
      const over = await api.post(`/api/v1/secrets/rotations/${String(first.json.rotationId)}/cancel`, { as: admin });
      expect([over.status, over.json.code]).toEqual([409, 'conflict']);
    } finally {
      asking();
    }
  });

  test('of another tenant is not there', async () => {
    const undo = withIssuer(anIssuer({ by: 'person', ask: null }));
    try {
      const { json } = await start();
      await becomes(json.rotationId, asks);
      const id = String(json.rotationId);
      expect((await read(id, at.stranger)).status).toBe(404);
      expect((await submit(id, { key: 'k' }, at.stranger)).status).toBe(404);
      expect((await api.post(`/api/v1/secrets/rotations/${id}/cancel`, { as: at.stranger })).status).toBe(404);
      await api.post(`/api/v1/secrets/rotations/${id}/cancel`, { as: admin });
      await becomes(id, isOver);
    } finally {
      undo();
    }
  });
});

describe('a person enters the new one', () => {
  test('what the issuer refuses is a problem of the fields, nothing of it is kept, and the rotation goes on waiting', async () => {
    const issuer = anIssuer({ by: 'person', ask: 'Make a key' });
    issuer.before.verify = (nth) => {
      if (nth === 1) throw new Fault('credential_rejected', 'is not known there');
    };
    const undo = withIssuer(issuer);
    try {
      const { json } = await start();
      await becomes(json.rotationId, asks);
      const refused = await submit(json.rotationId, { key: 'wrong-canary' });
      expect([refused.status, refused.json]).toMatchObject([
        422,
        { code: 'credential_rejected', errors: [{ path: 'key', message: 'is not known there' }] },
      ]);
      expect(refused.text).not.toContain('canary');
      expect((await read(json.rotationId)).json).toMatchObject({ step: 'asking', outcome: 'running' });
      expect(await at.ground.ports.secrets.list('staging/')).toEqual([]);

      expect((await submit(json.rotationId, { key: 'right' })).status).toBe(200);
      await becomes(json.rotationId, isOver);
      expect(issuer.state()).toEqual({ inUse: 'right', accepted: ['right'] });
      const late = await submit(json.rotationId, { key: 'late' });
      expect([late.status, late.json.code]).toEqual([409, 'conflict']);
      expect(await at.ground.ports.secrets.list('staging/')).toEqual([]);
    } finally {
      undo();
    }
  });
});

describe('policies', () => {
  test('a change is kept and reaches the schedule; what makes no sense is named', async () => {
    const path = '/api/v1/secrets/rotation/policies/jwt_signing_key';
    const put = (body: object) => api.ask('PUT', path, { as: root, body });
    const wanted = { everyDays: 30, overlapHours: 48, asks: 'platform', enabled: true };
    const next = async () => {
      const all = await at.ground.ports.workflows.listRotationSchedules();
      return all.find(({ secretClass }) => secretClass === 'jwt_signing_key')?.nextAt ?? null;
    };
    expect((await put(wanted)).json).toEqual({ secretClass: 'jwt_signing_key', ...wanted });
    expect((await api.get(path, { as: root })).json).toEqual({ secretClass: 'jwt_signing_key', ...wanted });
    await until('it is looked at', next, (moment) => moment !== null);
    await put({ ...wanted, enabled: false });
    await until('it is looked at no more', next, (moment) => moment === null);
    const wrong = await put({ ...wanted, everyDays: 0 });
    expect([wrong.status, wrong.json.errors]).toMatchObject([400, [{ path: 'everyDays' }]]);
    expect((await api.ask('PUT', path, { as: admin, body: wanted })).status).toBe(403);
  });
});

describe('with vendors', () => {
  const connect = async (connectorId: string, fields: Record<string, string>) => {
    const told = await api.post('/api/v1/connections', { as: admin, body: { connectorId, fields } });
    expect([told.status, told.text]).toEqual([201, expect.any(String)]);
    return String(told.json.id ?? told.json.connectionId);
  };
  const keyInUse = async (id: string) =>
    (await at.ground.ports.secrets.read(connectionSecretPath(tenantId, id as never)))?.values['api_key'];

  test('SendGrid’s key is made, put in use and taken back by its API; the connection works all the while', async () => {
    const id = await connect('sendgrid', { region: 'global', api_key: SENDGRID_KEY });
    expect(await list()).toMatchObject([{ secretClass: 'vendor_api_key', subject: id, drift: false }]);
    const { json } = await start(id);
    expect(await becomes(json.rotationId, isOver)).toMatchObject({ outcome: 'rotated', message: null });
    const key = await keyInUse(id);
    expect(key).toMatch(/^SG\./);
    expect(key).not.toBe(SENDGRID_KEY);
    const alive = at.ground.emulator.control.keys('sendgrid').list();
    expect(alive.filter(({ account }) => account === 'global').map((one) => one.id)).toEqual([key?.split('.')[1]]);
    expect((await api.post(`/api/v1/connections/${id}/test`, { as: admin, body: {} })).status).toBe(200);
  });

  test('Stripe’s key is pasted: a wrong one is refused by its field, the right one is taken, and the old one is left to the person', async () => {
    const id = await connect('stripe', { api_key: STRIPE_KEY });
    const { json } = await start(id);
    expect(await becomes(json.rotationId, asks)).toMatchObject({ message: expect.stringMatching(/Stripe/) });
    const wrong = await submit(json.rotationId, { api_key: 'rk_test_51unknownUnknown' });
    expect([wrong.status, wrong.json.errors]).toMatchObject([422, [{ path: 'api_key' }]]);
    const { secret } = at.ground.emulator.control.keys('stripe').mint();
    const right = await submit(json.rotationId, { api_key: secret });
    expect([right.status, right.json]).toMatchObject([200, { outcome: 'running' }]);
    expect(await becomes(json.rotationId, isOver)).toMatchObject({
      ...{ outcome: 'rotated', message: expect.stringMatching(/Delete the old key/) },
    });
    expect(await keyInUse(id)).toBe(secret);
    const kinds = async () => (await at.ground.ports.notifier.inbox(tenantId, admin.userId)).map(({ kind }) => kind);
    await until('the person is told', kinds, (all) => all.includes('rotation.left'));
  });

  test('a connection that was disconnected meanwhile: kept, nobody is alarmed', async () => {
    const id = await connect('stripe', { api_key: STRIPE_KEY });
    const { json } = await start(id);
    await becomes(json.rotationId, asks);
    expect((await api.post(`/api/v1/connections/${id}/disconnect`, { as: admin, body: {} })).status).toBe(200);
    const { secret } = at.ground.emulator.control.keys('stripe').mint();
    expect((await submit(json.rotationId, { api_key: secret })).status).toBe(422);
    expect(await becomes(json.rotationId, isOver)).toMatchObject({ outcome: 'kept' });
  });
});
