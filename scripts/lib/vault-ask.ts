import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { SetupError } from './say.ts';

const DEADLINE_MS = 15_000;

export interface VaultOperator {
  address: string;
  token: string;
  namespace?: string | undefined;
  /** File of the authority that signed Vault's certificate. */
  caFile?: string | undefined;
}

/** One request with the operator's token. Null for a 404; any other refusal is a `SetupError` in Vault's own words. */
export type VaultAsk = (
  method: 'GET' | 'POST' | 'PUT' | 'LIST',
  path: string,
  body?: object,
  wrapTtl?: string,
) => Promise<Record<string, unknown> | null>;

interface Answer {
  errors?: string[];
}

const MENDS: Record<number, string> = {
  403: 'the token may not: use one with the policy bizosaas-operator, or for the first run the root token',
  429: 'this is a standby: set VAULT_ADDR to the active one',
  472: 'this is a standby: set VAULT_ADDR to the active one',
  473: 'this is a standby: set VAULT_ADDR to the active one',
  501: 'Vault is not initialised: vault operator init',
  503: 'Vault is sealed: vault operator unseal',
};

export const openVaultAsk = async ({ address, token, namespace, caFile }: VaultOperator): Promise<VaultAsk> => {
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  const dispatcher = new Agent({ connect: { ...(ca !== undefined && { ca }) }, keepAliveTimeout: 1000 });
  return async (method, path, body, wrapTtl) => {
    const { statusCode, body: stream } = await request(`${address.replace(/\/+$/, '')}/v1/${path}`, {
      method: method as 'GET',
      dispatcher,
      headersTimeout: DEADLINE_MS,
      headers: {
        'x-vault-request': 'true',
        'x-vault-token': token,
        ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        ...(wrapTtl !== undefined && { 'x-vault-wrap-ttl': wrapTtl }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new SetupError(
        `Vault does not answer at ${address} (${wordsOf(error)}): check VAULT_ADDR and VAULT_CACERT.`,
      );
    });
    const text = await stream.text();
    const answer = (text === '' ? {} : parsed(text)) as Answer & Record<string, unknown>;
    if (statusCode < 300) return answer;
    if (statusCode === 404) return null;
    const said = [MENDS[statusCode], answer.errors?.join('; ').replace(/\s+/g, ' ').trim()];
    throw new SetupError(`Vault refused ${method} ${path} with ${statusCode}: ${said.filter(Boolean).join(' — ')}.`);
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new SetupError('What answers at VAULT_ADDR is no Vault: check the address.');
  }
};

const wordsOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
};
