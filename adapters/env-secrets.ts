import { z } from 'zod';
import type { SecretValues } from '../ports/secrets.ts';

const key32 = z
  .base64()
  .refine(
    (text) => Buffer.from(text, 'base64').length === 32,
    'is not 32 bytes in base64; make one with: openssl rand -base64 32',
  );
const mountPath = z.string().regex(/^[\w-]+(\/[\w-]+)*$/, 'is not a path like secret or team/secret');

/** The variables that say where secrets are, and how we come to them. */
export const SecretVariables = {
  SECRETS_STORE: z.enum(['files', 'vault', 'moving']).optional(),
  SECRETS_KEY: key32.optional(),
  /** Secrets by path, in development: what the store of files answers until something else is written there. */
  SECRETS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('is not JSON like {"platform/oauth-apps/hubspot":{"clientSecret":"…"}}');
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string().min(1), z.record(z.string(), z.string())))
    .default({}),
  VAULT_ADDR: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  VAULT_NAMESPACE: z.string().optional(),
  VAULT_CACERT: z.string().optional(),
  VAULT_MOUNT: mountPath.default('secret'),
  VAULT_APPROLE_MOUNT: mountPath.default('approle'),
  VAULT_ROLE_ID: z.string().optional(),
  VAULT_SECRET_ID: z.string().optional(),
  VAULT_SECRET_ID_FILE: z.string().optional(),
  VAULT_WRAPPED_SECRET_ID_FILE: z.string().optional(),
};

export interface SecretsEnv {
  /** `moving`: from files to Vault, while a migration runs. */
  store: 'files' | 'vault' | 'moving';
  /** Of the files: 32 bytes in base64; null: made once in the data folder. */
  key: string | null;
  given: Record<string, SecretValues>;
  /** Null with files alone. */
  vault: VaultEnv | null;
}

export interface VaultEnv {
  address: string;
  namespace: string | null;
  /** PEM file of the authority that signed Vault's certificate; null: those that Node trusts. */
  caFile: string | null;
  mount: string;
  appRoleMount: string;
  roleId: string;
  secretId: string | null;
  secretIdFile: string | null;
  wrappedSecretIdFile: string | null;
}

type Given = Record<string, string | undefined>;

interface Chosen<Name> {
  SECRETS_STORE?: Name | undefined;
  VAULT_ADDR?: string | undefined;
}
const storeOf = <Name extends string>({ SECRETS_STORE, VAULT_ADDR }: Chosen<Name>) =>
  SECRETS_STORE ?? (VAULT_ADDR === undefined ? 'files' : 'vault');

const LOOPBACK = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:|\/|$)/;

/** What each variable may not be alone, or may not be in staging and production. */
export const secretProblems = (given: Given, isLive: boolean): string[] => {
  const problems: string[] = [];
  const store = storeOf(given);
  if (isLive && store !== 'vault') {
    problems.push(`SECRETS_STORE: ${given.NODE_ENV} keeps its secrets in Vault; set VAULT_ADDR and VAULT_ROLE_ID`);
  }
  if (isLive && given.SECRETS !== undefined) problems.push('SECRETS: belongs to development; put them into Vault');
  if (store === 'files') return problems;
  if (given.VAULT_ADDR === undefined) problems.push(`VAULT_ADDR: is not set, and SECRETS_STORE=${store} needs it`);
  if (isLive && given.VAULT_ADDR?.startsWith('http:') && !LOOPBACK.test(given.VAULT_ADDR)) {
    problems.push('VAULT_ADDR: would send secrets in the clear; use https');
  }
  if (given.VAULT_ROLE_ID === undefined) {
    const or = isLive ? '' : ', or set SECRETS_STORE=files';
    problems.push(`VAULT_ROLE_ID: is not set; take it from npm run vault:init${or}`);
  }
  if ((given.VAULT_SECRET_ID === undefined) === (given.VAULT_SECRET_ID_FILE === undefined)) {
    problems.push('VAULT_SECRET_ID_FILE: set this one, which can be rotated, or VAULT_SECRET_ID, and not both');
  }
  if (given.VAULT_WRAPPED_SECRET_ID_FILE !== undefined && given.VAULT_SECRET_ID_FILE === undefined) {
    problems.push('VAULT_WRAPPED_SECRET_ID_FILE: needs VAULT_SECRET_ID_FILE, where what it holds is kept');
  }
  return problems;
};

type Variables = z.output<z.ZodObject<typeof SecretVariables>>;

/** Once `secretProblems` has found none. */
export const secretsEnv = (env: Variables): SecretsEnv => {
  const store = storeOf(env);
  return {
    store,
    key: env.SECRETS_KEY ?? null,
    given: env.SECRETS,
    vault:
      store === 'files'
        ? null
        : {
            address: env.VAULT_ADDR ?? '',
            namespace: env.VAULT_NAMESPACE ?? null,
            caFile: env.VAULT_CACERT ?? null,
            mount: env.VAULT_MOUNT,
            appRoleMount: env.VAULT_APPROLE_MOUNT,
            roleId: env.VAULT_ROLE_ID ?? '',
            secretId: env.VAULT_SECRET_ID ?? null,
            secretIdFile: env.VAULT_SECRET_ID_FILE ?? null,
            wrappedSecretIdFile: env.VAULT_WRAPPED_SECRET_ID_FILE ?? null,
          },
  };
};
