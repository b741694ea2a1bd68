import type { Env } from '../../adapters/env.ts';
import { emulatedVendors } from '../../emulator/origins.ts';
import { cachedBundle } from '../bundle.ts';
import { openGround } from '../testing/ground.ts';
import type { Ground, GroundOptions } from '../testing/ground.ts';
import { startProgram } from './processes.ts';
import type { Program } from './processes.ts';

/** A ground whose workers and API are processes of their own, to be killed. */
export interface Deployment extends AsyncDisposable {
  ground: Ground;
  startWorker: () => Promise<Program>;
  startApi: () => Promise<Program>;
  /** A worker that also calls through connections, when it is asked to. */
  startCaller: () => Promise<Program>;
}

/** The environment that says what `env` holds. */
const variablesOf = (env: Env): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  NODE_ENV: env.mode,
  BIZ_DATA_DIR: env.dataDir,
  DATABASE_URL: env.database.url,
  DATABASE_ADMIN_URL: env.database.adminUrl,
  TEMPORAL_ADDRESS: env.temporal.address,
  TEMPORAL_NAMESPACE: env.temporal.namespace,
  API_PORT: '0',
  LLM_BASE_URL: env.llm.baseUrl ?? '',
  LLM_API_KEY: env.llm.apiKey ?? '',
  HTTP_ALLOW: env.httpAllow.join(','),
  ...(env.emulatorUrl === null ? {} : emulatedVendors(env.emulatorUrl)),
  SECRETS_STORE: env.secrets.store,
  SECRETS_KEY: env.secrets.key ?? '',
  ...(env.secrets.vault && {
    VAULT_ADDR: env.secrets.vault.address,
    VAULT_ROLE_ID: env.secrets.vault.roleId,
    VAULT_SECRET_ID_FILE: env.secrets.vault.secretIdFile ?? '',
    VAULT_WRAPPED_SECRET_ID_FILE: env.secrets.vault.wrappedSecretIdFile ?? '',
  }),
  LOG_LEVEL: 'warn',
});

interface DeploymentOptions extends GroundOptions {
  /** Over what the ground's environment says. */
  variables?: Record<string, string>;
  /** Hears all that the processes print. */
  hear?: (words: string) => void;
}

export async function openDeployment({
  variables: given,
  hear,
  ...options
}: DeploymentOptions = {}): Promise<Deployment> {
  await using opened = new AsyncDisposableStack();
  const ground = opened.use(await openGround(options));
  const variables = { ...variablesOf(ground.env), WORKFLOW_BUNDLE: await cachedBundle(), ...given };
  const programs: Program[] = [];
  opened.defer(async () => {
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ exited }) => exited));
  });
  const start = async (entry: string): Promise<Program> => {
    const program = await startProgram(entry, variables, hear);
    programs.push(program);
    return program;
  };
  const all = opened.move();
  return {
    ground,
    startWorker: () => start('workers/main.ts'),
    startApi: () => start('api/main.ts'),
    startCaller: () => start('workers/faults/calling-worker.ts'),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
