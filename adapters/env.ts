import { z } from 'zod';
import { modelProblems, modelsEnv, ModelVariables } from './env-models.ts';
import type { ModelsEnv } from './env-models.ts';
import { secretProblems, secretsEnv, SecretVariables } from './env-secrets.ts';
import type { SecretsEnv } from './env-secrets.ts';

export { loadEnvFile } from './env-file.ts';

const MODES = ['development', 'test', 'staging', 'production'] as const;

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const origin = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

const Source = z.object({
  NODE_ENV: z.enum(MODES).default('development'),
  BIZ_DATA_DIR: z.string().default('.data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'is not host:port')
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS: z.stringbool().optional(),
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: port(3000),
  PUBLIC_URL: origin.default('http://127.0.0.1:3000'),
  PORTAL_ORIGINS: list,
  TEMPORAL_UI_ORIGIN: origin.optional(),
  EMULATOR_URL: origin.optional(),
  ...ModelVariables,
  HTTP_ALLOW: list.refine((hosts) => hosts.every((host) => /^[^\s/]+:\d+$/.test(host)), 'is not a list of host:port'),
  CONNECTOR_ORIGINS: list.refine(
    (pairs) => pairs.every((pair) => /^https?:\/\/(\*\.)?[^=*]+=https?:\/\/[^=*]+$/.test(pair)),
    'is not a list of https://vendor=http://other',
  ),
  /** Our applications at vendors, for those that have no row in the database. */
  OAUTH_APPS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('is not JSON like {"hubspot":{"clientId":"…","clientSecret":"…"}}');
        return z.NEVER;
      }
    })
    .pipe(
      z.record(
        z.string().regex(/^[a-z][a-z0-9-]*$/),
        z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1) }),
      ),
    )
    .optional(),
  HUBSPOT_CLIENT_ID: z.string().optional(),
  HUBSPOT_CLIENT_SECRET: z.string().optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  SMTP_FROM: z.string().min(3).optional(),
  ...SecretVariables,
  WORKFLOW_BUNDLE: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** What belongs to development and tests alone, and the mend. */
const DEVELOPMENT_ONLY = {
  HTTP_ALLOW: 'lets requests through to inner hosts; remove it',
  CONNECTOR_ORIGINS: 'sends vendors’ traffic elsewhere; remove it',
  EMULATOR_URL: 'belongs to development; remove it',
};

const refusals = (given: Record<string, string | undefined>): string[] => {
  const mode = given.NODE_ENV;
  const isLive = mode === 'staging' || mode === 'production';
  const set = isLive ? Object.entries(DEVELOPMENT_ONLY).filter(([name]) => given[name] !== undefined) : [];
  return [...set.map(([name, mend]) => `${name}: ${mend} (NODE_ENV=${mode})`), ...secretProblems(given, isLive)];
};

/** One application of ours at a vendor: what its authorization server knows us by. */
export interface OAuthApp {
  clientId: string;
  clientSecret: string;
}

export interface Env {
  mode: (typeof MODES)[number];
  dataDir: string;
  database: { url: string; adminUrl: string };
  /** Where processes share what they use of vendors' rate limits; null: in the database. */
  redisUrl: string | null;
  temporal: { address: string; namespace: string; apiKey: string | null; tls: boolean };
  api: { host: string; port: number; publicUrl: string };
  /** Origins whose browsers may call the API. */
  portalOrigins: string[];
  /** Where the Temporal UI is, whose browsers may have payloads decoded. */
  temporalUiOrigin: string | null;
  emulatorUrl: string | null;
  llm: ModelsEnv;
  /** Loopback `host:port`s that the SSRF guard lets through. */
  httpAllow: string[];
  /** URL prefixes of vendors that are replaced by other prefixes. */
  connectorOrigins: { from: string; to: string }[];
  oauthApps: Record<string, OAuthApp>;
  /** The mail server and whom letters come from; null: nothing is mailed. */
  smtp: { url: string; from: string } | null;
  secrets: SecretsEnv;
  /** A built workflow bundle; null: built when a worker starts. */
  workflowBundle: string | null;
  logLevel: z.infer<typeof Source>['LOG_LEVEL'];
}

const missing: z.core.$ZodErrorMap = ({ code, input }) =>
  code === 'invalid_type' && input === undefined ? 'is not set' : undefined;

/** One pair of CONNECTOR_ORIGINS: `https://vendor=http://stands-for-it`. */
export const connectorOrigin = (pair: string) => {
  const at = pair.indexOf('=');
  return { from: pair.slice(0, at), to: pair.slice(at + 1) };
};

/** The environment, checked: every problem is named in one message. Empty variables count as absent. */
export function readEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = Source.safeParse(given, { error: missing });
  const lonely = (given.SMTP_URL === undefined) !== (given.SMTP_FROM === undefined);
  const mail = lonely ? ['SMTP_URL: is set with SMTP_FROM or not at all; set both'] : [];
  const misfits = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  const problems = [...misfits, ...mail, ...modelProblems(given), ...refusals(given)];
  if (!parsed.success || problems.length > 0) {
    throw new Error(['The environment does not fit:', ...problems].join('\n  '));
  }
  const env = parsed.data;
  const { HUBSPOT_CLIENT_ID: clientId, HUBSPOT_CLIENT_SECRET: clientSecret } = env;
  return {
    mode: env.NODE_ENV,
    dataDir: env.BIZ_DATA_DIR,
    database: { url: env.DATABASE_URL, adminUrl: env.DATABASE_ADMIN_URL ?? env.DATABASE_URL },
    redisUrl: env.REDIS_URL ?? null,
    temporal: {
      address: env.TEMPORAL_ADDRESS,
      namespace: env.TEMPORAL_NAMESPACE,
      apiKey: env.TEMPORAL_API_KEY ?? null,
      tls: env.TEMPORAL_TLS ?? env.TEMPORAL_API_KEY !== undefined,
    },
    api: { host: env.API_HOST, port: env.API_PORT, publicUrl: env.PUBLIC_URL },
    portalOrigins: env.PORTAL_ORIGINS,
    temporalUiOrigin: env.TEMPORAL_UI_ORIGIN ?? null,
    emulatorUrl: env.EMULATOR_URL ?? null,
    llm: modelsEnv(env),
    httpAllow: env.HTTP_ALLOW,
    connectorOrigins: env.CONNECTOR_ORIGINS.map(connectorOrigin),
    oauthApps: {
      ...(clientId !== undefined && clientSecret !== undefined && { hubspot: { clientId, clientSecret } }),
      ...env.OAUTH_APPS,
    },
    smtp: env.SMTP_URL !== undefined && env.SMTP_FROM !== undefined ? { url: env.SMTP_URL, from: env.SMTP_FROM } : null,
    secrets: secretsEnv(env),
    workflowBundle: env.WORKFLOW_BUNDLE ?? null,
    logLevel: env.LOG_LEVEL,
  };
}
