// Moves the secrets of a running development deployment into Vault: npm run secrets -- migrate [--dry-run|--confirm]
import { setTimeout as pause } from 'node:timers/promises';
import { loadEnvFile } from '../adapters/env-file.ts';
import { createApiClient, logIn } from './demo/api-client.ts';
import type { Answer, ApiClient } from './demo/api-client.ts';
import type { MoveView } from '../workflows/lib/move-messages.ts';
import { fail, say, SetupError } from './lib/say.ts';
import { readSettings } from './lib/settings.ts';

const USAGE = 'Say what to do: npm run secrets -- migrate [--dry-run|--confirm].';
const MIGRATION = '/api/v1/secrets/migration';
const ASK_MS = 500;

interface Migration {
  state: string | null;
  report: MoveView | null;
}
interface Refusal {
  detail?: string;
}

const open = async (): Promise<ApiClient> => {
  const url = process.env.PUBLIC_URL ?? `http://127.0.0.1:${readSettings().apiPort}`;
  const token = process.env.BIZ_API_TOKEN;
  try {
    return token ? createApiClient(url, token) : await logIn(url, 'admin@bizosaas.local');
  } catch {
    throw new SetupError(
      `No API lets us in at ${url}: start it with SECRETS_STORE=moving and Vault's variables (npm start), or set PUBLIC_URL and BIZ_API_TOKEN.`,
    );
  }
};

const must = <Body>({ status, body }: Answer): Body => {
  if (status < 300) return body as Body;
  throw new SetupError((body as Refusal).detail ?? `The API answered ${status}.`);
};

const told = ({ stage, paths, moved, same, erased }: MoveView): string =>
  `${stage}: ${paths} in the old store, ${moved} moved, ${same} compared, ${erased} destroyed in the old store`;

/** Until it waits for a person, or has ended. */
const watch = async (api: ApiClient, operationId: string | null): Promise<MoveView | null> => {
  let last = '';
  for (;;) {
    const { state, report } = must<Migration>(await api.get(MIGRATION));
    if (report && told(report) !== last) say(`  ${(last = told(report))}`);
    if (state !== 'RUNNING' || report?.stage === 'waiting') {
      if (state !== 'COMPLETED' && state !== 'RUNNING') await sayWhy(api, operationId);
      return report;
    }
    await pause(ASK_MS);
  }
};

const sayWhy = async (api: ApiClient, operationId: string | null): Promise<never> => {
  const { error } =
    operationId === null
      ? { error: null }
      : must<{ error: { message: string } | null }>(await api.get(`/api/v1/operations/${operationId}`));
  throw new SetupError(`The migration did not end well: ${error?.message ?? 'its operation says why.'}`);
};

const migrate = async (flag: string | undefined): Promise<void> => {
  const api = await open();
  if (flag === '--confirm') {
    must(await api.post(`${MIGRATION}/confirm`, {}));
    await watch(api, null);
    say('✓ What was moved is destroyed in the old store. Start every process with SECRETS_STORE=vault now.');
    return;
  }
  const begun = await api.post(MIGRATION, { dryRun: flag === '--dry-run' });
  // One that runs already is watched, so that this command may be stopped and given again.
  const operationId = begun.status === 409 ? null : must<{ id: string }>(begun).id;
  const report = await watch(api, operationId);
  if (report?.dryRun) {
    for (const [secretClass, count] of Object.entries(report.byClass)) say(`  ${secretClass}: ${count}`);
    say('✓ Nothing was changed.');
  } else if (report?.stage === 'waiting') {
    say(
      '✓ All is in Vault and the same there. The old store keeps everything until: npm run secrets -- migrate --confirm',
    );
  }
};

try {
  loadEnvFile();
  const [command, flag, ...rest] = process.argv.slice(2);
  const known = flag === undefined || flag === '--dry-run' || flag === '--confirm';
  if (command !== 'migrate' || !known || rest.length > 0) throw new SetupError(USAGE);
  await migrate(flag);
} catch (error) {
  fail(error);
  process.exitCode = 1;
}
