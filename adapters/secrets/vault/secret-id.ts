import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../../../ports/errors.ts';
import { hasCode, replaceFile } from '../../objects/files.ts';
import type { VaultAnswer } from './answer.ts';
import { requireVerdict } from './faults.ts';

const NEIGHBOUR_MS = 3000;
const ASK_MS = 100;

export interface SecretIdOptions {
  roleId: string;
  secretId: string | null;
  /** Read at each login, so that a new one is taken without a restart. */
  secretIdFile: string | null;
  /** Holds a response-wrapping token: unwrapped once, and what it held is kept in `secretIdFile`. */
  wrappedSecretIdFile: string | null;
  appRoleMount: string;
}

/** Asks Vault without our token: with the one given, or none. */
export type AskAs = (path: string, body: object, token: string | null) => Promise<VaultAnswer>;

const denied = (message: string) => new Fault('secrets_denied', message);
const foreign = () =>
  denied('The wrapping token holds no secret_id: somebody may have put another in its place; make a new one.');
const used = () =>
  denied(
    'The wrapping token of the secret_id was used before or has expired: somebody else may have used it; revoke that secret_id and make a new one (npm run vault:init).',
  );

/** Null when there is no such file, or nothing in it. */
const textOf = async (file: string, variable: string): Promise<string | null> => {
  try {
    return (await readFile(file, 'utf8')).trim() || null;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw new Fault('unavailable', `The file that ${variable} names cannot be read; check its path and its rights.`);
  }
};

/** What is unwrapped and then cannot be kept is lost. */
const requirePlace = async (file: string): Promise<void> => {
  const folder = dirname(file);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  } catch {
    throw new Fault('unavailable', 'The folder of VAULT_SECRET_ID_FILE cannot be written; check its path and rights.');
  }
};

/** Replaces the secret_id that every later login uses: whole, and readable by its owner only. */
export const keepSecretId = async (file: string, secretId: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, secretId);
};

/** Says of which wrapping token the kept secret_id came; beside it, as the token's own file may be read-only. */
const markOf = (file: string) => `${file}.unwrapped`;
const digest = (token: string) => createHash('sha256').update(token).digest('hex');

/** The secret_id of this process, from wherever it is given. Called at each login. */
export const createSecretIds = (options: SecretIdOptions, ask: AskAs): (() => Promise<string>) => {
  const { roleId, secretId, secretIdFile, wrappedSecretIdFile, appRoleMount } = options;

  /** Null when Vault knows the token no more. */
  const unwrap = async (token: string): Promise<string | null> => {
    const looked = await ask('sys/wrapping/lookup', { token }, null);
    requireVerdict(looked, roleId, 'to look at a wrapping token');
    if (looked.status === 200) {
      const path = String(looked.data?.['creation_path']);
      // Whoever steals a wrapping token may leave another in its place; theirs was not made by AppRole.
      if (!path.startsWith(`auth/${appRoleMount}/role/`) || !path.endsWith('/secret-id')) throw foreign();
      const answer = await ask('sys/wrapping/unwrap', {}, token);
      requireVerdict(answer, roleId, 'to unwrap its secret_id');
      const held = answer.data?.['secret_id'];
      if (answer.status === 200 && typeof held === 'string') return held;
    }
    return null;
  };

  const isKept = async (file: string, token: string) =>
    (await textOf(markOf(file), 'VAULT_SECRET_ID_FILE')) === digest(token);

  let refused: string | undefined;
  const unwrapInto = async (file: string, token: string): Promise<void> => {
    if (refused === token) throw used();
    await requirePlace(file);
    const secretIdNow = await unwrap(token);
    if (secretIdNow !== null) {
      await keepSecretId(file, secretIdNow);
      return replaceFile(markOf(file), digest(token));
    }
    // The API and the workers may start with the same token at once: who came first keeps it for all.
    for (let waitedMs = 0; waitedMs < NEIGHBOUR_MS; waitedMs += ASK_MS) {
      if (await isKept(file, token)) return;
      await pause(ASK_MS);
    }
    refused = token;
    throw used();
  };

  return async () => {
    if (secretId !== null) return secretId;
    const file = secretIdFile;
    if (file === null) throw denied('No secret_id is given: set VAULT_SECRET_ID_FILE or VAULT_SECRET_ID.');
    const token =
      wrappedSecretIdFile === null ? null : await textOf(wrappedSecretIdFile, 'VAULT_WRAPPED_SECRET_ID_FILE');
    if (token !== null && !(await isKept(file, token))) await unwrapInto(file, token);
    const kept = await textOf(file, 'VAULT_SECRET_ID_FILE');
    if (kept !== null) return kept;
    throw denied('The file that VAULT_SECRET_ID_FILE names holds no secret_id: make one (npm run vault:init).');
  };
};
