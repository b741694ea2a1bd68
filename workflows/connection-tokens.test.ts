import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { keyRing } from '../adapters/temporal/key-ring.ts';
import { temporalWorkflows } from '../adapters/temporal/workflows.ts';
import { Email, PLATFORM } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { tenantSecretPrefix } from '../ports/secrets.ts';
import { actor, aRunningConnection, authorizeHubspot, siteFields } from '../workers/testing/connections.ts';
import type { OpenedConnection } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { TEST_KEYS } from '../workers/testing/namespace.ts';
import { testLog } from '../workers/testing/runtime.ts';
import { until } from '../workers/testing/until.ts';
import { disconnectUpdate, refreshUpdate, submitCredentialsUpdate } from './connection.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(async () => {
  ground.emulator.control.reset();
  // No row of its own; with it goes what the last test left of trouble.
  await ground.ports.oauthApps.remove('hubspot');
});

const TOKEN = { method: 'POST', path: '/hubspot/oauth/2026-03/token' };

const authorized = async (tenant?: TenantId) => {
  const opened = await aRunningConnection(ground, 'hubspot', tenant ? { tenant } : {});
  const { view } = await authorizeHubspot(ground, opened);
  return { ...opened, version: view.secretVersion };
};
const refresh = ({ handle }: OpenedConnection, observedVersion: number) =>
  handle.executeUpdate(refreshUpdate, { args: [{ observedVersion }] });
const failsAs = (type: string) => expect.objectContaining({ cause: expect.objectContaining({ type }) });
const refreshes = () => ground.emulator.control.hubspot.tokenCalls().refresh_token;
const oauth = () => ground.emulator.control.oauth('hubspot');
const fault = (rule: Omit<Parameters<typeof ground.emulator.control.fault>[0], 'match'>) =>
  ground.emulator.control.fault({ match: TOKEN, ...rule });

test('a token is refreshed before it lapses, by the connection’s own timer', async () => {
  oauth().tokenLifetime(5);
  const opened = await authorized();
  const before = await opened.status();
  const after = await until('a refresh', opened.status, ({ secretVersion }) => secretVersion > before.secretVersion);
  expect(Date.parse(after.tokenExpiresAt ?? '')).toBeGreaterThan(Date.parse(before.tokenExpiresAt ?? ''));
  await opened.handle.cancel();
});

test('C18: who knows already of the token that is on its way gets the one after it', async () => {
  const opened = await authorized();
  const [stored, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { settleRefresh } = ground.ports.connections;
  const undo = ground.withPort({
    connections: {
      settleRefresh: async (...given) => {
        stored.resolve();
        await go.promise;
        return settleRefresh(...given);
      },
    },
  });
  const first = refresh(opened, opened.version);
  await stored.promise;
  const args: [{ observedVersion: number }] = [{ observedVersion: opened.version + 1 }];
  const later = await opened.handle.startUpdate(refreshUpdate, { args, waitForStage: 'ACCEPTED' });
  go.resolve();
  await expect(first).resolves.toEqual({ version: opened.version + 1 });
  await expect(later.result().finally(undo)).resolves.toEqual({ version: opened.version + 2 });
});

test('C18: fifty callers in each of two processes with the same stale token cost one call to the vendor', async () => {
  const { tenantId, connectionId, version } = await authorized();
  const { client, ports } = ground;
  const keys = keyRing(TEST_KEYS);
  const processes = [0, 1].map(() => temporalWorkflows({ client, log: testLog, keys, secrets: ports.secrets }));
  const asked = processes.flatMap(({ refreshToken }) =>
    Array.from({ length: 50 }, () => refreshToken(tenantId, connectionId, version)),
  );
  const versions = (await Promise.all(asked)).map((answer) => answer.version);
  expect(new Set(versions)).toEqual(new Set([version + 1]));
  expect(refreshes()).toEqual({ calls: 1, succeeded: 1 });
});

test('callers of one process with tokens of any age share one update', async () => {
  const { tenantId, connectionId, version, handle } = await authorized();
  const { refreshToken } = ground.ports.workflows;
  fault({ kind: 'delay', ms: 500 });
  const answers = await Promise.all(
    [version, version - 1, 0, version].map((observed) => refreshToken(tenantId, connectionId, observed)),
  );
  expect(answers).toEqual(Array.from({ length: 4 }, () => ({ version: version + 1 })));
  const { events = [] } = await handle.fetchHistory();
  const updates = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  expect(updates).toHaveLength(2);
});

test('a caller beyond the ten updates that a workflow takes sees the new token by its version', async () => {
  const opened = await authorized();
  const { tenantId, connectionId, version } = opened;
  fault({ kind: 'hold' });
  const ten = Array.from({ length: 10 }, () => refresh(opened, version));
  await ground.emulator.control.waitFor(TOKEN, 2);
  const eleventh = ground.ports.workflows.refreshToken(tenantId, connectionId, version);
  ground.emulator.control.faults.release();
  const answers = await Promise.all([...ten, eleventh]);
  expect(new Set(answers.map((answer) => answer.version))).toEqual(new Set([version + 1]));
  expect(refreshes()).toEqual({ calls: 1, succeeded: 1 });
});

test('a caller who observed an older token is told of the newer one, without a call', async () => {
  const opened = await authorized();
  await expect(refresh(opened, opened.version - 1)).resolves.toEqual({ version: opened.version });
  expect(refreshes().calls).toBe(0);
});

test('C17: an answer that is lost: the same token is tried once more at once, and the connection lives', async () => {
  const opened = await authorized();
  fault({ kind: 'drop-after' });
  await expect(refresh(opened, opened.version)).resolves.toEqual({ version: opened.version + 1 });
  await expect(opened.status()).resolves.toMatchObject({ state: 'healthy' });
  expect(refreshes()).toEqual({ calls: 2, succeeded: 2 });
});

test('C17: when the vendor had rotated, the lost answer is the reason that is told', async () => {
  oauth().rotate(true);
  const opened = await authorized();
  fault({ kind: 'drop-after' });
  await expect(refresh(opened, opened.version)).rejects.toEqual(failsAs('reauth_required'));
  await expect(opened.status()).resolves.toMatchObject({
    state: 'reauth_required',
    reason: { code: 'lost_response', message: expect.stringContaining('was lost') },
  });
});

/** What a crash between the vendor's answer and our write leaves: an answer that nobody kept. */
const notKept = () => {
  const { put } = ground.ports.secrets;
  let crashes = 1;
  return ground.withPort({
    secrets: {
      put: (path, ...rest) =>
        path.startsWith('tenants/') && crashes-- > 0 ? Promise.reject(new Error('crashed')) : put(path, ...rest),
    },
  });
};

test('C19: a crash between the answer and its storing: asked once more, and the connection lives', async () => {
  const opened = await authorized();
  const undo = notKept();
  await expect(refresh(opened, opened.version).finally(undo)).resolves.toEqual({ version: opened.version + 1 });
  expect(refreshes()).toEqual({ calls: 2, succeeded: 2 });
});

test('C19: a crash between the answer and its storing, where the vendor rotates: dead of a lost answer, and said so', async () => {
  oauth().rotate(true);
  const opened = await authorized();
  const undo = notKept();
  await expect(refresh(opened, opened.version).finally(undo)).rejects.toEqual(failsAs('reauth_required'));
  await expect(opened.status()).resolves.toMatchObject({ reason: { code: 'lost_response' } });
  expect(refreshes()).toEqual({ calls: 2, succeeded: 1 });
});

test('C13: a revoked grant pauses the schedules as a set, tells the owner once, is asked of nobody again, and a new authorization resumes under the same id', async () => {
  const opened = await authorized();
  const owner = await ground.ports.identity.addMembership(
    opened.tenantId,
    Email.parse(`owner@${opened.tenantId}.test`),
    'tenant_admin',
  );
  const root = await seedPlatformRole(ground.database.db, Email.parse('root@platform.test'), 'super_admin');
  oauth().revoke();
  await Promise.all(
    Array.from({ length: 5 }, () =>
      expect(refresh(opened, opened.version)).rejects.toEqual(failsAs('reauth_required')),
    ),
  );
  await expect(opened.status()).resolves.toMatchObject({
    state: 'reauth_required',
    reason: { code: 'grant_revoked', providerCode: expect.any(String) },
  });
  await expect(refresh(opened, opened.version)).rejects.toEqual(failsAs('reauth_required'));
  expect(refreshes().calls).toBe(1);
  await expect(opened.paused()).resolves.toEqual([true]);
  const inbox = () => ground.ports.notifier.inbox(opened.tenantId, owner);
  const [note, ...more] = await until('the owner is told', inbox, (notes) => notes.length > 0);
  expect(more).toEqual([]);
  expect(note).toMatchObject({
    kind: 'connection.reauth_required',
    link: `/connect/?connection=${opened.connectionId}`,
  });
  const ofPlatform = async () =>
    (await ground.ports.notifier.inbox(PLATFORM, root)).filter(({ link }) => link.includes(opened.connectionId));
  const told = await until('the platform is told', ofPlatform, (notes) => notes.length > 0);
  expect(told.map(({ kind, subject }) => [kind, subject.includes(opened.tenantId)])).toEqual([
    ['connection.reauth_required', true],
  ]);
  await authorizeHubspot(ground, opened);
  await expect(opened.status()).resolves.toMatchObject({ state: 'healthy', reason: null });
  await expect(opened.paused()).resolves.toEqual([false]);
  const kinds = async () => (await inbox()).map(({ kind }) => kind).sort();
  await until('both changes are told, each once', kinds, (all) => all.length > 1);
  await expect(kinds()).resolves.toEqual(['connection.healthy', 'connection.reauth_required']);
});

test('C14: a token endpoint that is down: degraded while the token lives, asked again with pauses, healthy after', async () => {
  const opened = await authorized();
  fault({ kind: 'status', status: 503, times: 2 });
  await expect(refresh(opened, opened.version)).rejects.toEqual(failsAs('provider_down'));
  const { state, reason } = await opened.status();
  expect([state, reason?.code]).toEqual(['degraded', 'provider_down']);
  await expect(opened.paused()).resolves.toEqual([false]);
  const { tenantId, connectionId } = opened;
  const page = await ground.ports.connectors.read(tenantId, connectionId, 'contacts', { limit: 1 });
  expect(page.rows).toHaveLength(1);
  // Callers who cannot wait do not make it more.
  await expect(refresh(opened, opened.version)).rejects.toEqual(failsAs('provider_down'));
  expect(ground.emulator.control.requests({ ...TOKEN, status: 503 })).toHaveLength(1);
  await expect(opened.becomes('healthy')).resolves.toMatchObject({ reason: null });
});

test('C14: a vendor that asks us to wait is asked again by no connection of the application before', async () => {
  const [one, other] = [await authorized(), await authorized()];
  fault({ kind: 'status', status: 429, headers: { 'Retry-After': '600' } });
  const refused = (await refresh(one, one.version).catch((error: unknown) => error)) as Error & { cause: unknown };
  expect(refused.cause).toMatchObject({ type: 'provider_rate_limited' });
  const [details] = (refused.cause as { details: { retryAfterMs: number }[] }).details;
  expect(details?.retryAfterMs).toBeGreaterThan(590_000);
  await expect(refresh(other, other.version)).rejects.toEqual(failsAs('provider_rate_limited'));
  const asked = ground.emulator.control.requests(TOKEN);
  expect(asked.filter(({ status }) => status === 429)).toHaveLength(1);
  expect(refreshes().calls).toBe(0);
  for (const each of [one, other]) expect((await each.status()).state).toBe('degraded');
});

test('C21: a refused client is one alarm for the platform, marks no tenant, and is over once it is mended', async () => {
  const connections = [await authorized(), await authorized(), await authorized()];
  oauth().breakClient(true);
  for (const each of connections) await expect(refresh(each, each.version)).rejects.toEqual(failsAs('client_broken'));
  for (const each of connections) {
    await expect(each.status()).resolves.toMatchObject({ state: 'healthy' });
    await expect(each.paused()).resolves.toEqual([false]);
  }
  expect(ground.emulator.control.requests(TOKEN).filter(({ status }) => (status ?? 0) >= 400)).toHaveLength(1);
  const alarms = async () => {
    const found = [];
    const query = `WorkflowType = "tellPeople" AND TenantId = "${PLATFORM}"`;
    for await (const { workflowId } of ground.client.workflow.list({ query })) {
      if (workflowId.includes('oauth-app/')) found.push(workflowId);
    }
    return found;
  };
  await until('the platform is told', alarms, (all) => all.length > 0);
  expect(await alarms()).toHaveLength(1);

  oauth().breakClient(false);
  await ground.ports.oauthApps.clearTrouble('hubspot');
  const fresh = await authorized();
  await expect(refresh(fresh, fresh.version)).resolves.toEqual({ version: fresh.version + 1 });
});

test('C20: a vendor that gives the same end again and again is not asked in a loop', async () => {
  oauth().tokenLifetime(4);
  const { renew } = ground.ports.oauth;
  const opened = await authorized();
  const { tokenExpiresAt } = await opened.status();
  const endMs = Date.parse(tokenExpiresAt ?? '');
  let asked = 0;
  const undo = ground.withPort({
    oauth: { renew: async (...given) => ((asked += 1), { ...(await renew(...given)), expiresAt: tokenExpiresAt }) },
  });
  try {
    await until('it was renewed, and its end has passed', Date.now, (now) => asked > 0 && now > endMs + 1000);
    expect(asked).toBeLessThan(4);
    await opened.handle.terminate('seen');
  } finally {
    undo();
  }
});

test('what renews itself is kept as tokens, so that no policy of rotation takes it for a key', async () => {
  await expect((await authorized()).secret()).resolves.toMatchObject({ meta: { class: 'oauth_tokens' } });
});

test('C15: an answer without tokens stores nothing', async () => {
  const opened = await authorized();
  const kept = await opened.secret();
  fault({ kind: 'body', body: { access_token: 'undefined' } });
  await expect(refresh(opened, opened.version)).rejects.toEqual(failsAs('provider_garbage'));
  await expect(opened.secret()).resolves.toEqual(kept);
  await opened.becomes('healthy');
});

test('C33: a tenant deleted during a refresh: the result is thrown away, no row comes back and no secret stays', async () => {
  const opened = await authorized();
  fault({ kind: 'hold' });
  const asked = refresh(opened, opened.version).catch((error: unknown) => error);
  await ground.emulator.control.waitFor(TOKEN, 2);
  await ground.ports.connections.remove(opened.tenantId, opened.connectionId);
  await ground.ports.secrets.destroyAll(tenantSecretPrefix(opened.tenantId));
  ground.emulator.control.faults.release();
  await expect(asked).resolves.toEqual(failsAs('not_found'));
  await opened.handle.result();
  await expect(ground.ports.secrets.list(tenantSecretPrefix(opened.tenantId))).resolves.toEqual([]);
  await expect(ground.ports.connections.list(opened.tenantId)).resolves.toEqual([]);
  await expect(opened.paused()).resolves.toEqual([]);
});

test('C33: a row deleted while its secret still stands: what the refresh brought does not stay', async () => {
  const opened = await authorized();
  fault({ kind: 'hold' });
  const asked = refresh(opened, opened.version).catch((error: unknown) => error);
  await ground.emulator.control.waitFor(TOKEN, 2);
  await ground.ports.connections.remove(opened.tenantId, opened.connectionId);
  ground.emulator.control.faults.release();
  await expect(asked).resolves.toEqual(failsAs('not_found'));
  await opened.handle.result();
  await expect(opened.secret()).resolves.toBeNull();
});

test('C33: disconnected during a refresh: it stays disconnected, and what the refresh brought is destroyed', async () => {
  const opened = await authorized();
  fault({ kind: 'hold' });
  const asked = refresh(opened, opened.version).catch((error: unknown) => error);
  await ground.emulator.control.waitFor(TOKEN, 2);
  const ended = opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  await until('it is dead at once', opened.row, ({ state }) => state === 'disconnecting');
  ground.emulator.control.faults.release();
  await expect(ended).resolves.toMatchObject({ state: 'disconnected' });
  await asked;
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.row()).resolves.toMatchObject({ state: 'disconnected', secretVersion: 0 });
});

test('a credential that is never renewed is not asked of a token endpoint', async () => {
  const opened = await aRunningConnection(ground, 'wordpress');
  const { secret, settings } = siteFields(ground);
  const given = { staged: await opened.stage(secret), methodId: 'application_password', settings, actor };
  const { secretVersion } = await opened.handle.executeUpdate(submitCredentialsUpdate, { args: [given] });
  await expect(refresh(opened, secretVersion)).rejects.toEqual(failsAs('unsupported'));
});
