import { emulatedVendors } from '../../emulator/origins.ts';
import { databaseUrl } from './stack.ts';
import type { Settings } from './settings.ts';

const join = (...values: (string | undefined)[]): string => values.filter(Boolean).join(',');

/**
 * What a development start tells the programs of the house: the emulator stands for every vendor. Whatever the person
 * has set wins, so that a real model key or a real HubSpot app is one variable away.
 */
export const developmentEnv = (settings: Settings): Record<string, string | undefined> => {
  const emulator = `http://127.0.0.1:${settings.emulatorPort}`;
  const api = `http://127.0.0.1:${settings.apiPort}`;
  const own = process.env;
  return {
    DATABASE_URL: databaseUrl(settings),
    TEMPORAL_ADDRESS: `127.0.0.1:${settings.temporalPort}`,
    API_HOST: '127.0.0.1',
    PUBLIC_URL: api,
    TEMPORAL_UI_ORIGIN: `http://127.0.0.1:${settings.temporalUiPort}`,
    EMULATOR_URL: emulator,
    LLM_BASE_URL: `${emulator}/openai/v1`,
    LLM_API_KEY: 'emulator-key',
    // A VAULT_ADDR that merely lies about in somebody's shell is not meant for us.
    ...(own.VAULT_ROLE_ID ? {} : { SECRETS_STORE: 'files' }),
    ...emulatedVendors(emulator),
    ...own,
    // A start is a development start, even in a shell that says otherwise: production runs api and worker apart.
    NODE_ENV: 'development',
    API_PORT: String(settings.apiPort),
    BIZ_DATA_DIR: settings.dataDir,
    HTTP_ALLOW: join(own.HTTP_ALLOW, `127.0.0.1:${settings.emulatorPort}`),
  };
};
