import vault from 'node-vault';
import { Fault } from '../../../ports/errors.ts';
import type { VaultAnswer } from './answer.ts';
import { answerOf } from './answer.ts';
import { answerFault, noVault, silenceFault } from './faults.ts';
import { createLogin } from './login.ts';
import type { AskAs, SecretIdOptions } from './secret-id.ts';
import { createSecretIds } from './secret-id.ts';
import type { TransportOptions } from './transport.ts';
import { createTransport } from './transport.ts';

export interface VaultOptions extends SecretIdOptions, TransportOptions {
  /** `https://host:port`. */
  address: string;
  namespace: string | null;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'LIST';

interface AskOptions {
  /** Which refusals are answers too; any other than these, 200 and 204 is a fault. */
  accept?: (answer: VaultAnswer) => boolean;
  /** Instead of our own. */
  token?: string;
}

/** How this process enters Vault: what the rotation of its secret_id needs. */
export interface VaultLogin {
  roleId: string;
  appRoleMount: string;
  /** Null: the secret_id is a variable of the environment, which nobody but a person can change. */
  secretIdFile: string | null;
  /** As Vault calls the role. */
  roleName: () => Promise<string>;
  /** A real login with that secret_id; its token is given back at once. `secrets_denied` when Vault refuses it. */
  tryLogin: (secretId: string) => Promise<void>;
  /** In again, by the secret_id that is in the file now. */
  relogin: () => Promise<void>;
}

export interface VaultClient extends AsyncDisposable {
  /**
   * One request with this process's token, which is got, renewed and replaced behind it. `path` has no `/v1/`; its parts are
   * encoded. Faults: `unavailable` (sealed, standby, not reached, not in time), `secrets_denied` (policies, login).
   */
  request: (method: Method, path: string, body?: object, options?: AskOptions) => Promise<VaultAnswer>;
  login: VaultLogin;
}

const statusOf = (error: unknown): { statusCode: number; body: unknown } | null =>
  typeof error === 'object' && error !== null && 'response' in error
    ? (error.response as { statusCode: number; body: unknown })
    : null;

/** A Vault, entered by AppRole with the first request, so that a process starts while it is away. */
export const openVault = (options: VaultOptions): VaultClient => {
  const { address, namespace, roleId, appRoleMount, secretIdFile } = options;
  const transport = createTransport(options);
  const client = vault({
    endpoint: address,
    namespace: namespace ?? '',
    noCustomHTTPVerbs: true,
    // Its own would print what is written when DEBUG is set.
    debug: () => undefined,
    'request-promise': { defaults: () => transport.send },
  });
  // It takes VAULT_TOKEN and others of the environment where nothing is given: ours alone may speak for us.
  Object.assign(client, { token: '', pathPrefix: '', namespace: namespace ?? '' });

  const send = async (method: Method, path: string, body: object | undefined, token: string | null) => {
    const headers = token === null ? {} : { 'X-Vault-Token': token };
    const asked = method === 'LIST' ? { method: 'GET', path: `/${path}?list=true` } : { method, path: `/${path}` };
    const answer = await client.request({ ...asked, headers, ...(body !== undefined && { json: body }) }).then(
      (given: unknown) => answerOf(given === '' ? 204 : 200, given),
      (error: unknown) => {
        const refused = statusOf(error);
        if (refused === null) throw silenceFault(error);
        return answerOf(refused.statusCode, refused.body);
      },
    );
    if (answer === null) throw noVault();
    return answer;
  };
  const ask: AskAs = (path, body, token) => send('POST', path, body, token);
  const login = createLogin({ roleId, appRoleMount, secretId: createSecretIds(options, ask), ask });

  /** Vault says the same to a token that is no longer valid and to one that may not: who asks after itself knows. */
  const isDead = async (token: string) => {
    const answer = await send('GET', 'auth/token/lookup-self', undefined, token);
    if (answer.status !== 200 && answer.status !== 403) throw answerFault(answer, roleId, 'its token');
    return answer.status === 403;
  };

  const withLogin = async (method: Method, path: string, body: object | undefined) => {
    let token = await login.token();
    let answer = await send(method, path, body, token.value);
    if (answer.status === 403 && (await isDead(token.value))) {
      token = await login.after(token);
      answer = await send(method, path, body, token.value);
    }
    return { answer, role: token.roleName ?? roleId };
  };

  let closed = false;
  return {
    async request(method, path, body, { accept = () => false, token } = {}) {
      if (closed) throw new Fault('unavailable', 'The secret store of this process is closed.');
      const { answer, role } =
        token === undefined
          ? await withLogin(method, path, body)
          : { answer: await send(method, path, body, token), role: roleId };
      if (answer.status < 300 || accept(answer)) return answer;
      throw answerFault(answer, role, `${method} ${path}`);
    },

    login: {
      roleId,
      appRoleMount,
      secretIdFile,
      roleName: async () => (await login.token()).roleName ?? roleId,
      tryLogin: login.tryOut,
      relogin: async () => void (await login.again()),
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      await login.close();
      await transport.close();
    },
  };
};
