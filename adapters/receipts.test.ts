import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compactVerify, createLocalJWKSet } from 'jose';
import type { SecretPort } from '../ports/secrets.ts';
import { createReceipts } from './receipts.ts';
import { envSecrets } from './secrets/env.ts';

let dir: string;
let secrets: SecretPort;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'receipts-'));
  secrets = envSecrets({ dir, environment: 'test' });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const facts = { sub: 'someone', kind: 'approve', contentHash: 'a'.repeat(64) };

test('anybody verifies a receipt by the published keys, which hold no secret half', async () => {
  const receipts = createReceipts(secrets);
  const receipt = await receipts.sign('approval', facts);
  const { keys } = await receipts.keys();
  expect(keys).toEqual([expect.not.objectContaining({ d: expect.anything() })]);
  const { payload, protectedHeader } = await compactVerify(receipt, createLocalJWKSet({ keys }));
  expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(facts);
  expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'approval-receipt+jwt', kid: keys[0]?.['kid'] });
});

test('processes that begin together sign with one key, and the same facts give the same receipt', async () => {
  const [one, two] = [createReceipts(secrets), createReceipts(secrets)];
  const [first, second] = await Promise.all([one.sign('approval', facts), two.sign('approval', facts)]);
  expect(first).toBe(second);
  await expect(two.read('approval', first)).resolves.toEqual(facts);
});

test('C86: a receipt that was changed, is of another kind or of another deployment is none', async () => {
  const receipts = createReceipts(secrets);
  const receipt = await receipts.sign('approval', facts);
  const [header = '', , signature = ''] = receipt.split('.');
  const other = Buffer.from(JSON.stringify({ ...facts, kind: 'reject' })).toString('base64url');
  await expect(receipts.read('approval', `${header}.${other}.${signature}`)).resolves.toBeNull();
  await expect(receipts.read('run', receipt)).resolves.toBeNull();
  const elsewhere = await mkdtemp(join(dir, 'other-'));
  const stranger = createReceipts(envSecrets({ dir: elsewhere, environment: 'test' }));
  await expect(receipts.read('approval', await stranger.sign('approval', facts))).resolves.toBeNull();
});
