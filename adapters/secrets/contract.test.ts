import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { secretContract } from './contract.ts';
import { envSecrets } from './env.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'secrets-contract-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

secretContract('files', () => envSecrets({ dir, environment: 'test' }));
