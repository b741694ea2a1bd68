import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { PLATFORM } from '../ports/ids.ts';
import { QUEUES, verifyCredentialId } from '../ports/operations.ts';
import { oauthAppSecretPath, tenantSecretPrefix } from '../ports/secrets.ts';
import { siteFields } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { verifyCredential } from './verify-credential.ts';
import type { VerifyInput } from './verify-credential.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const verify = async (
  scope: VerifyInput['scope'],
  secret: Record<string, string>,
  subject: (staged: { staged: string }) => VerifyInput['subject'],
) => {
  const workflowId = verifyCredentialId(scope, randomUUID());
  const staged = await ground.ports.staging.stage(workflowId, secret);
  return ground.client.workflow.execute(verifyCredential, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ scope, actor: 'somebody', subject: subject(staged) }],
  });
};

const ofSite = async (password?: string) => {
  const scope = await aTenant(ground.ports);
  const { secret, settings } = siteFields(ground, 'demo', password);
  const methodId = 'application_password';
  const result = verify(scope, secret, (staged) => ({
    kind: 'credential',
    connectorId: 'wordpress',
    methodId,
    settings,
    staged,
  }));
  return { scope, result };
};

const anApp = (clientSecret: string, keep: boolean) =>
  verify(PLATFORM, { client_secret: clientSecret }, (staged) => ({
    kind: 'oauth_app',
    connectorId: 'hubspot',
    app: { clientId: 'emulated-client', redirectUris: ['https://we.test/back'], scopes: null, enabled: true },
    staged,
    keep,
  }));

test('a credential is tested by a real call, and neither it nor what was staged is kept', async () => {
  const { scope, result } = await ofSite();
  await expect(result).resolves.toMatchObject({ account: { accountName: expect.any(String) }, kept: false });
  await expect(ground.ports.secrets.list(tenantSecretPrefix(scope))).resolves.toEqual([]);
  await expect(ground.ports.secrets.list('staging/')).resolves.toEqual([]);
});

test('a wrong one is refused by field', async () => {
  const { result } = await ofSite('wrong wrong wrong');
  await expect(result).rejects.toMatchObject({
    cause: { type: 'credential_rejected', details: [{ fields: [{ path: 'application_password' }] }] },
  });
  await expect(ground.ports.secrets.list('staging/')).resolves.toEqual([]);
});

test('C21: an application is kept only when the vendor knows it; kept, its trouble is over', async () => {
  const { oauthApps, secrets } = ground.ports;
  await expect(anApp('wrong', true)).rejects.toMatchObject({ cause: { type: 'client_broken' } });
  await expect(oauthApps.get('hubspot')).resolves.toBeNull();
  await expect(anApp('emulated-secret', false)).resolves.toMatchObject({ tested: true, kept: false });
  await expect(oauthApps.get('hubspot')).resolves.toBeNull();

  const until = new Date(Date.now() + 60_000).toISOString();
  await oauthApps.setTrouble('hubspot', { code: 'client_broken', providerCode: null, message: 'refused', until });
  await expect(anApp('emulated-secret', true)).resolves.toMatchObject({ tested: true, kept: true });
  await expect(oauthApps.get('hubspot')).resolves.toMatchObject({ clientId: 'emulated-client', trouble: null });
  await expect(secrets.read(oauthAppSecretPath('hubspot'))).resolves.toMatchObject({
    values: { client_secret: 'emulated-secret' },
  });
  await expect(ground.ports.audit.list(PLATFORM, { limit: 5 })).resolves.toMatchObject({
    data: expect.arrayContaining([expect.objectContaining({ action: 'oauth_app.kept', actor: 'somebody' })]),
  });
});

test('an application whose secret was deleted in the store is entered again', async () => {
  const { secrets } = ground.ports;
  await anApp('emulated-secret', true);
  const before = await secrets.read(oauthAppSecretPath('hubspot'));
  await secrets.delete(oauthAppSecretPath('hubspot'));
  await expect(anApp('emulated-secret', true)).resolves.toMatchObject({ kept: true });
  await expect(secrets.read(oauthAppSecretPath('hubspot'))).resolves.toMatchObject({
    version: (before?.version ?? 0) + 1,
    values: { client_secret: 'emulated-secret' },
  });
});
