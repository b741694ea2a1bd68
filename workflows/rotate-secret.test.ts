import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openJwtKeys } from '../adapters/jwt-key.ts';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { createTokens } from '../api/tokens.ts';
import { Fault } from '../ports/errors.ts';
import { Email, OperationId, PLATFORM, SCHEDULE, UserId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { QUEUES, rotateDueId, rotateSecretId } from '../ports/operations.ts';
import { rotationSecretPath } from '../ports/secrets.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { anIssuer, policy, startARotation, untouched } from '../workers/testing/rotations.ts';
import type { Issuer } from '../workers/testing/rotations.ts';
import { until } from '../workers/testing/until.ts';
import { progressQuery, rotateSecret, submitSuccessorUpdate } from './rotate-secret.ts';

let ground: Ground;
let tenantId: TenantId;
let owner: UserId;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(async () => {
  tenantId = await aTenant(ground.ports);
  owner = await ground.ports.identity.addMembership(tenantId, Email.parse(`o@${tenantId}.test`), 'tenant_admin');
  await ground.ports.rotations.setPolicy(policy());
});

const at = (issuer: Issuer) => ground.withPort({ rotation: issuer.port });
const inbox = async () => (await ground.ports.notifier.inbox(tenantId, owner)).map(({ kind }) => kind);
const refused = () => new Fault('credential_rejected', 'the vendor does not take this key; make another one');

/** Nothing that the rotation held, and nothing that was staged for it. */
const leftovers = async (rotationId: string) => [
  await ground.ports.secrets.read(rotationSecretPath(tenantId, rotationId)),
  await ground.ports.secrets.list(`staging/${tenantId}/`),
];

describe('the whole way', () => {
  test('made, tried, put in use, watched, tried again, and only then is the old one taken back; each step is told', async () => {
    const issuer = anIssuer();
    const undo = at(issuer);
    const seen: unknown[] = [];
    issuer.before.revoke = () => void seen.push(issuer.state());
    try {
      const rotation = await startARotation(ground, tenantId);
      const { secrets, audit } = ground.ports;
      const path = rotationSecretPath(tenantId, rotation.rotationId);
      await secrets.put(path, 0, { key: 'held' }, { class: 'rotation', createdBy: 'test' });
      await rotation.handle.result();
      expect(issuer.calls).toEqual(['create', 'verify', 'cutOver', 'verify', 'neededBy', 'revoke']);
      const successor = `new ${rotation.rotationId}`;
      expect(seen).toEqual([{ inUse: successor, accepted: ['old', successor] }]);
      expect(issuer.state()).toEqual({ inUse: successor, accepted: [successor] });
      expect(await rotation.row()).toMatchObject({
        ...{ outcome: 'rotated', step: 'revoking', message: null, endedAt: expect.any(String) },
        operationId: rotation.operationId,
      });
      expect(await rotation.operation()).toMatchObject({ outcome: 'completed', error: null });
      expect(await rotation.told()).toEqual([
        'rotation started',
        ...['creating started', 'creating completed', 'verifying started', 'verifying completed'],
        ...['cutting_over started', 'cutting_over completed', 'verifying again started', 'verifying again completed'],
        ...['observing completed', 'revoking started', 'revoking completed', 'rotation completed'],
      ]);
      const actions = (await audit.list(tenantId, { limit: 50 })).data.map(({ action }) => action);
      expect(actions).toEqual(expect.arrayContaining(['rotation.cutting_over.completed', 'rotation.rotated']));
      expect(await leftovers(rotation.rotationId)).toEqual([null, []]);
      expect(await inbox()).toEqual([]);
    } finally {
      undo();
    }
  });

  test('what comes after the cut-over is another run, and so is the taking back: what a new payload key must write, it writes', async () => {
    const undo = at(anIssuer());
    try {
      const rotation = await startARotation(ground, tenantId);
      await rotation.handle.result();
      const activities: string[][] = [];
      const memos: string[] = [];
      let { runId } = await rotation.handle.describe();
      while (runId !== '') {
        const { events } = await ground.client.workflow.getHandle(rotation.workflowId, runId).fetchHistory();
        const began = events?.[0]?.workflowExecutionStartedEventAttributes;
        const names = events?.flatMap((one) => one.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
        activities.unshift(names ?? []);
        memos.push(Buffer.from(began?.memo?.fields?.['operationId']?.data ?? []).toString('base64'));
        runId = began?.continuedExecutionRunId ?? '';
      }
      expect(activities).toEqual([
        ['planRotation', 'createSuccessor', 'verifySuccessor', 'cutOverToSuccessor'],
        ['verifySuccessor', 'predecessorNeededBy'],
        ['revokePredecessor', 'forgetRotation', 'settleOperation'],
      ]);
      // The same memo, encrypted anew each time.
      expect([new Set(memos).size, memos.every((memo) => memo.length > 20)]).toEqual([3, true]);
      expect((await rotation.handle.describe()).memo).toEqual({ operationId: rotation.operationId });
    } finally {
      undo();
    }
  });

  test('a successor that was brought is taken instead of one that is made, and nothing of it stays staged', async () => {
    const issuer = anIssuer({ by: 'person', ask: 'Make a key' });
    const undo = at(issuer);
    try {
      const subject = randomUUID();
      const workflowId = rotateSecretId(tenantId, 'vendor_api_key', subject);
      const given = await ground.ports.staging.stage(workflowId, { key: 'brought' });
      const rotation = await startARotation(ground, tenantId, { subject, given });
      await rotation.handle.result();
      expect(issuer.state()).toEqual({ inUse: 'brought', accepted: ['brought'] });
      expect(await leftovers(rotation.rotationId)).toEqual([null, []]);
    } finally {
      undo();
    }
  });

  test('an outage of a step delays it, and fails nothing', async () => {
    const issuer = anIssuer();
    const away = (nth: number) => {
      if (nth === 1) throw new Fault('provider_down', 'away', { retryAfterMs: 10 });
    };
    Object.assign(issuer.before, { create: away, verify: away, cutOver: away, neededBy: away, revoke: away });
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      await rotation.handle.result();
      expect(await rotation.row()).toMatchObject({ outcome: 'rotated' });
      expect(issuer.calls.filter((one) => one === 'rollBack')).toEqual([]);
    } finally {
      undo();
    }
  });

  test('two rotations of one secret: the second is refused while the first is at work', async () => {
    const issuer = anIssuer({ by: 'person', ask: 'Make a key' });
    const undo = at(issuer);
    try {
      const first = await startARotation(ground, tenantId);
      await expect(startARotation(ground, tenantId, { subject: first.target.subject })).rejects.toMatchObject({
        name: 'WorkflowExecutionAlreadyStartedError',
      });
      await first.handle.cancel();
      await expect(first.handle.result()).rejects.toThrow();
    } finally {
      undo();
    }
  });
});

describe('C11: whatever fails before the old one is taken back is undone', () => {
  test.each([
    ['create', 'creating'],
    ['verify', 'verifying'],
    ['cutOver', 'cutting_over'],
  ] as const)(
    'C11: %s fails after it acted: the old one is in use, the new one is gone, people know',
    async (method, step) => {
      const issuer = anIssuer();
      issuer.after[method] = () => {
        throw refused();
      };
      const undo = at(issuer);
      try {
        const rotation = await startARotation(ground, tenantId);
        await expect(rotation.handle.result()).rejects.toMatchObject({ cause: { type: 'credential_rejected' } });
        expect(issuer.state()).toEqual(untouched);
        const message = refused().message;
        expect(await rotation.row()).toMatchObject({ outcome: 'rolled_back', step, message });
        expect(await rotation.operation()).toMatchObject({
          outcome: 'failed',
          error: { code: 'credential_rejected', message },
        });
        const told = await rotation.told();
        expect(told.slice(-2)).toEqual([`${step} failed`, 'rotation undone']);
        await until('people are told', inbox, (kinds) => kinds.includes('rotation.failed'));
      } finally {
        undo();
      }
    },
  );

  test('C11: the new one fails while it is watched: everything goes back to the old one', async () => {
    const issuer = anIssuer();
    issuer.before.verify = (nth) => {
      if (nth === 2) throw refused();
    };
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      await expect(rotation.handle.result()).rejects.toThrow();
      expect(issuer.state()).toEqual(untouched);
      expect(await rotation.row()).toMatchObject({ outcome: 'rolled_back', step: 'observing' });
    } finally {
      undo();
    }
  });

  test('C11: cancelled while a step is at work: it is undone when it has ended, never beside it', async () => {
    const issuer = anIssuer();
    const working = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    let [isWorking, beside] = [false, false];
    issuer.before.create = async () => {
      isWorking = true;
      working.resolve();
      await go.promise;
    };
    issuer.after.create = () => void (isWorking = false);
    issuer.before.rollBack = () => void (beside ||= isWorking);
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      await working.promise;
      await rotation.handle.cancel();
      await until(
        'the cancellation is known',
        async () => (await rotation.handle.fetchHistory()).events ?? [],
        (events) => events.some(({ activityTaskCancelRequestedEventAttributes: asked }) => asked),
      );
      go.resolve();
      await expect(rotation.handle.result()).rejects.toThrow();
      expect([beside, issuer.state()]).toEqual([false, untouched]);
      expect(await rotation.row()).toMatchObject({ outcome: 'rolled_back' });
      expect(await rotation.operation()).toMatchObject({ outcome: 'cancelled' });
      expect(await inbox()).toEqual([]);
    } finally {
      undo();
    }
  });

  test('cancelled while both are accepted: the old one is in use again', async () => {
    await ground.ports.rotations.setPolicy(policy({ overlapHours: 24 }));
    const issuer = anIssuer();
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      const { message } = await rotation.reaches(({ step }) => step === 'observing');
      expect(message).toMatch(/accepted until \d{4}-/);
      expect(issuer.state().accepted).toHaveLength(2);
      await rotation.handle.cancel();
      await expect(rotation.handle.result()).rejects.toThrow();
      expect(issuer.state()).toEqual(untouched);
      expect(await rotation.row()).toMatchObject({ outcome: 'rolled_back' });
    } finally {
      undo();
    }
  });
});

describe('the last step', () => {
  test('cannot be undone: when it fails for good, the rotation stands and people are told what to do', async () => {
    const issuer = anIssuer();
    issuer.before.revoke = () => {
      throw new Fault('provider_rejected', 'this key may not delete keys');
    };
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      await rotation.handle.result();
      const message = expect.stringMatching(/may not delete keys.*by hand/);
      expect(await rotation.row()).toMatchObject({ outcome: 'rotated', message });
      expect(await rotation.operation()).toMatchObject({ outcome: 'completed' });
      expect(issuer.state().inUse).toBe(`new ${rotation.rotationId}`);
      expect(issuer.calls).not.toContain('rollBack');
      await until('people are told', inbox, (kinds) => kinds.includes('rotation.left'));
    } finally {
      undo();
    }
  });

  test('is put off for as long as something needs the old one, and the row says what', async () => {
    const issuer = anIssuer();
    issuer.needed.push('three workflows of last week are still open');
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      await until(
        'it says so',
        rotation.row,
        ({ message }) => message === 'three workflows of last week are still open',
      );
      expect(issuer.calls).not.toContain('revoke');
      await rotation.handle.cancel();
      await expect(rotation.handle.result()).rejects.toThrow();
    } finally {
      undo();
    }
  });
});

describe('a person brings the new one', () => {
  const asked = async (issuer: Issuer) => {
    const rotation = await startARotation(ground, tenantId);
    await rotation.reaches(({ step }) => step === 'asking');
    const submit = async (key: string) =>
      rotation.handle.executeUpdate(submitSuccessorUpdate, {
        args: [{ staged: await rotation.stage({ key }), actor: owner }],
      });
    return { issuer, rotation, submit };
  };

  test('people are asked; what does not work is refused by field, without a trace, and asked for again', async () => {
    const issuer = anIssuer({ by: 'person', ask: 'Make a key at the vendor' });
    issuer.before.verify = (nth) => {
      if (nth !== 1) return;
      throw new Fault('credential_rejected', 'not this one', { fields: [{ path: 'key', message: 'is refused' }] });
    };
    const undo = at(issuer);
    try {
      const { rotation, submit } = await asked(issuer);
      expect(await rotation.row()).toMatchObject({ step: 'asking', message: 'Make a key at the vendor' });
      await until('people are told', inbox, (kinds) => kinds.includes('rotation.asked'));
      await expect(submit('wrong')).rejects.toMatchObject({
        cause: { type: 'credential_rejected', details: [{ fields: [{ path: 'key' }] }] },
      });
      expect(issuer.state()).toEqual(untouched);
      expect(await rotation.row()).toMatchObject({
        ...{ step: 'asking', outcome: 'running', message: 'not this one. Enter another one.' },
      });
      await expect(submit('right')).resolves.toMatchObject({ outcome: 'running' });
      await rotation.handle.result();
      expect(issuer.state()).toEqual({ inUse: 'right', accepted: ['right'] });
      expect(await leftovers(rotation.rotationId)).toEqual([null, []]);
      expect(await rotation.told()).toEqual(
        expect.arrayContaining(['asking waiting', 'verifying failed', 'asking (2) waiting', 'verifying (2) completed']),
      );
      const lines = (await ground.ports.audit.list(tenantId, { limit: 50 })).data;
      expect(lines.find(({ action }) => action === 'rotation.verifying.completed')).toMatchObject({ actor: owner });
    } finally {
      undo();
    }
  });

  test('the answer comes only when the new one was tested, and a second one waits for that answer', async () => {
    const issuer = anIssuer({ by: 'person', ask: null });
    const go = Promise.withResolvers<void>();
    issuer.before.verify = () => go.promise;
    const undo = at(issuer);
    try {
      const { rotation, submit } = await asked(issuer);
      let isAnswered = false;
      const first = submit('first').finally(() => (isAnswered = true));
      await until(
        'it is being tested',
        () => issuer.calls,
        (calls) => calls.includes('verify'),
      );
      await expect(submit('second')).rejects.toMatchObject({ cause: { type: 'conflict' } });
      expect(isAnswered).toBe(false);
      go.resolve();
      await first;
      await rotation.handle.result();
      expect(issuer.state().inUse).toBe('first');
    } finally {
      undo();
    }
  });

  test('C11: cancelled while a value is on trial: it is undone when the trial has ended, and its sender is told', async () => {
    const issuer = anIssuer({ by: 'person', ask: null });
    const go = Promise.withResolvers<void>();
    let [onTrial, beside] = [false, false];
    issuer.before.verify = async () => {
      onTrial = true;
      await go.promise;
      onTrial = false;
    };
    issuer.before.rollBack = () => void (beside ||= onTrial);
    const undo = at(issuer);
    try {
      const { rotation, submit } = await asked(issuer);
      const answer = expect(submit('tried')).rejects.toThrow();
      await until(
        'it is being tested',
        () => onTrial,
        (is) => is,
      );
      await rotation.handle.cancel();
      const cancelled = async () => (await rotation.handle.fetchHistory()).events ?? [];
      await until('the cancellation is known', cancelled, (events) =>
        events.some(({ workflowExecutionCancelRequestedEventAttributes: one }) => one),
      );
      await rotation.handle.query(progressQuery);
      go.resolve();
      await answer;
      await expect(rotation.handle.result()).rejects.toThrow();
      expect([beside, issuer.state()]).toEqual([false, untouched]);
      expect(await ground.ports.secrets.list(`staging/${tenantId}/`)).toEqual([]);
    } finally {
      undo();
    }
  });

  test('nobody is asked where the platform makes the new one itself', async () => {
    await ground.ports.rotations.setPolicy(policy({ overlapHours: 24 }));
    const undo = at(anIssuer());
    try {
      const rotation = await startARotation(ground, tenantId);
      const staged = await rotation.stage({ key: 'unasked' });
      await expect(
        rotation.handle.executeUpdate(submitSuccessorUpdate, { args: [{ staged, actor: owner }] }),
      ).rejects.toMatchObject({ cause: { type: 'conflict' } });
      await rotation.handle.cancel();
      await expect(rotation.handle.result()).rejects.toThrow();
    } finally {
      undo();
    }
  });

  test('a value that lapsed before it was taken says nothing of the secret: it is asked for again', async () => {
    const issuer = anIssuer({ by: 'person', ask: null });
    const undo = at(issuer);
    try {
      const { rotation } = await asked(issuer);
      const staged = await rotation.stage({ key: 'lapsed' });
      await ground.ports.staging.discard(staged);
      await expect(
        rotation.handle.executeUpdate(submitSuccessorUpdate, { args: [{ staged, actor: owner }] }),
      ).rejects.toMatchObject({ cause: { type: 'unprocessable' } });
      expect(await rotation.row()).toMatchObject({ step: 'asking', outcome: 'running' });
      await rotation.handle.cancel();
      await expect(rotation.handle.result()).rejects.toThrow();
      expect(await rotation.row()).toMatchObject({ outcome: 'kept' });
    } finally {
      undo();
    }
  });
});

describe('nothing to rotate', () => {
  test.each(['plan', 'create', 'verify', 'cutOver'] as const)(
    'a secret that is gone at %s: kept, and nothing is left of the new one',
    async (method) => {
      const issuer = anIssuer();
      const gone = () => {
        throw new Fault('not_found', 'the connection was removed');
      };
      if (method === 'plan') issuer.port.plan = async () => gone();
      else issuer.before[method] = gone;
      // The undo finds nothing either.
      issuer.after.rollBack = gone;
      const undo = at(issuer);
      try {
        const rotation = await startARotation(ground, tenantId);
        await rotation.handle.result();
        expect(issuer.state()).toEqual(untouched);
        expect(await rotation.row()).toMatchObject({ outcome: 'kept', message: expect.stringMatching('removed') });
        expect(await rotation.operation()).toMatchObject({ outcome: 'failed', error: { code: 'not_found' } });
        expect(await inbox()).toEqual([]);
      } finally {
        undo();
      }
    },
  );

  test('what cannot even be planned is kept: there is nothing to undo, and people know', async () => {
    const issuer = anIssuer();
    issuer.port.plan = () => Promise.reject(new Fault('secrets_denied', 'the policy of the store forbids it'));
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, tenantId);
      await expect(rotation.handle.result()).rejects.toThrow();
      expect(issuer.calls).toEqual([]);
      expect(await rotation.row()).toMatchObject({ outcome: 'kept', message: 'the policy of the store forbids it' });
    } finally {
      undo();
    }
  });

  test('one that this deployment does not hold: kept, and why', async () => {
    const issuer = anIssuer({ by: null, why: 'the embedded database has no password' });
    const undo = at(issuer);
    try {
      const rotation = await startARotation(ground, PLATFORM, { secretClass: 'database_password' });
      await rotation.handle.result();
      expect(await rotation.row()).toMatchObject({ outcome: 'kept', message: 'the embedded database has no password' });
      expect(issuer.calls).toEqual([]);
    } finally {
      undo();
    }
  });
});

describe('what is due', () => {
  const DAY_MS = 86_400_000;
  const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
  const look = () =>
    ground.client.workflow.execute(rotateSecret, {
      workflowId: `${rotateDueId('vendor_api_key')}/${randomUUID()}`,
      taskQueue: QUEUES.operations,
      args: [{ due: 'vendor_api_key' }],
    });

  test('what is older than its policy is rotated, in every tenant; what is younger, or at work already, is not disturbed', async () => {
    const issuer = anIssuer({ by: 'person', ask: null });
    const tenants = [tenantId, ...(await Promise.all(Array.from({ length: 22 }, () => aTenant(ground.ports))))];
    for (const id of tenants) await ground.ports.tenants.activate(id);
    const reserved = await aTenant(ground.ports);
    const undo = ground.withPort({
      rotation: {
        ...issuer.port,
        targets: async (scope, secretClass = 'vendor_api_key') =>
          scope === PLATFORM
            ? []
            : [
                { scope, secretClass, subject: 'old', since: daysAgo(90.1) },
                { scope, secretClass, subject: 'young', since: daysAgo(89.9) },
              ],
      },
    });
    const newest = async (id: TenantId) =>
      (await ground.ports.rotations.latest(id)).map(({ subject, step }) => `${subject} ${step}`);
    const handleOf = (id: TenantId) => ground.client.workflow.getHandle(rotateSecretId(id, 'vendor_api_key', 'old'));
    try {
      const mine = await startARotation(ground, tenantId, { subject: 'old' });
      await mine.reaches(({ step }) => step === 'asking');
      await look();
      for (const id of tenants)
        await until(
          'one rotation',
          () => newest(id),
          (all) => String(all) === 'old asking',
        );
      expect(await ground.ports.rotations.latest(tenantId)).toMatchObject([{ id: mine.rotationId }]);
      expect(await newest(reserved)).toEqual([]);
      await look();
      expect((await handleOf(tenantId).describe()).runId).toBe((await mine.handle.describe()).runId);

      const [, second] = tenants as [TenantId, TenantId];
      const [due] = await ground.ports.rotations.latest(second);
      const operationId = OperationId.parse(due?.operationId);
      // Nobody asked for it, and people can watch it all the same.
      await expect(ground.ports.operations.get(second, operationId)).resolves.toMatchObject({
        kind: 'rotateSecret',
        startedBy: SCHEDULE,
        outcome: 'running',
      });
      const told = await ground.ports.operations.eventsAfter(0, [operationId]);
      expect(told.map(({ step, state }) => `${step} ${state}`)).toContain('asking waiting');
      const lines = (await ground.ports.audit.list(second, { limit: 20 })).data;
      await until(
        'it is in the audit log',
        () => lines,
        (all) => all.some(({ actor }) => actor === 'schedule'),
      );
      for (const id of tenants) await handleOf(id).cancel();
      for (const id of tenants) await expect(handleOf(id).result()).rejects.toThrow();
    } finally {
      undo();
    }
  });

  test('one scope that cannot be looked at holds up no other, and whoever watches sees it', async () => {
    const issuer = anIssuer({ by: 'person', ask: null });
    await ground.ports.tenants.activate(tenantId);
    const undo = ground.withPort({
      rotation: {
        ...issuer.port,
        targets: async (scope, secretClass = 'vendor_api_key') => {
          if (scope === PLATFORM) throw new Fault('secrets_denied', 'the policy of the store forbids it');
          return scope === tenantId ? [{ scope, secretClass, subject: 'old', since: daysAgo(91) }] : [];
        },
      },
    });
    try {
      await expect(look()).rejects.toMatchObject({ cause: { message: expect.stringMatching('the store forbids it') } });
      const found = () => ground.ports.rotations.latest(tenantId);
      await until('it is started', found, (rotations) => rotations.length === 1);
      const handle = ground.client.workflow.getHandle(rotateSecretId(tenantId, 'vendor_api_key', 'old'));
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow();
    } finally {
      undo();
    }
  });

  test.each([policy({ everyDays: null }), policy({ enabled: false })])(
    'nothing is due by a policy that asks for nothing',
    async (asksNothing) => {
      await ground.ports.rotations.setPolicy(asksNothing);
      await ground.ports.tenants.activate(tenantId);
      const undo = ground.withPort({
        rotation: { targets: () => Promise.reject(new Error('nobody is to be asked')) },
      });
      try {
        await look();
        expect(await ground.ports.rotations.latest(tenantId)).toEqual([]);
      } finally {
        undo();
      }
    },
  );
});

describe('the signing key of tokens, with real parts', () => {
  const person: Principal = {
    ...{ userId: UserId.parse(randomUUID()), email: Email.parse('one@acme.test'), role: 'tenant_user', tenantId: null },
  };
  /** A process of the API: it keeps the keys that it knows for a while. */
  const aProcess = () => createTokens(openJwtKeys(ground.ports.secrets), async () => new Uint8Array(32));
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
  const start = () => startARotation(ground, PLATFORM, { secretClass: 'jwt_signing_key', subject: 'jwt-keys' });
  const set = (overlapHours: number) =>
    ground.ports.rotations.setPolicy(policy({ secretClass: 'jwt_signing_key', asks: 'platform', overlapHours }));

  test('while both are accepted nobody is logged out, in old processes and new ones; cancelled, the old key signs again', async () => {
    await set(24);
    const old = aProcess();
    const { token: before } = await old.issue(person);
    const rotation = await start();
    await rotation.reaches(({ step }) => step === 'observing');
    const { token: after } = await aProcess().issue(person);
    expect(kidOf(after)).not.toBe(kidOf(before));
    for (const tokens of [old, aProcess()]) {
      for (const token of [before, after]) {
        await expect(tokens.verify(token)).resolves.toMatchObject({ principal: person });
      }
    }
    await rotation.handle.cancel();
    await expect(rotation.handle.result()).rejects.toThrow();
    expect(await rotation.row()).toMatchObject({ outcome: 'rolled_back' });
    expect(kidOf((await aProcess().issue(person)).token)).toBe(kidOf(before));
    await expect(aProcess().verify(after)).resolves.toMatchObject({ principal: person });
  });

  test('when all that the old key signed has lapsed it is given up, and what it signs is refused', async () => {
    await set(0);
    const { token: before } = await aProcess().issue(person);
    // As if an hour had passed: the rotator itself waits for the last token to lapse.
    const undo = ground.withPort({ rotation: { neededBy: async () => null } });
    try {
      const rotation = await start();
      await rotation.handle.result();
      expect(await rotation.row()).toMatchObject({ outcome: 'rotated', message: null });
    } finally {
      undo();
    }
    const tokens = aProcess();
    await expect(tokens.verify(before)).rejects.toMatchObject({ code: 'unauthenticated' });
    const { token: after } = await tokens.issue(person);
    await expect(aProcess().verify(after)).resolves.toMatchObject({ principal: person });
  });
});
