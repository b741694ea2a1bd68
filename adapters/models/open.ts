import type { LlmPort, Provider } from '../../ports/models.ts';
import type { ModelsEnv } from '../env-models.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { createModels } from './index.ts';
import type { KeySources, PlatformKey } from './keys.ts';

/** Shorter than the activity that takes a model turn: what breaks off here is told, and not merely missed. */
const ANSWER_MS = 280_000;

interface Needs extends Omit<KeySources, 'platform'> {
  http: HttpClient;
  userAgent: string;
}

/** Models as the environment names them, and the connections held to them. */
export function openModels(
  env: ModelsEnv,
  { http, userAgent, ...sources }: Needs,
): {
  llm: LlmPort;
  close: () => Promise<void>;
} {
  const platform: Partial<Record<Provider, PlatformKey>> = { ...env.keys };
  if (env.apiKey !== null) platform[env.provider] = { values: { apiKey: env.apiKey }, baseUrl: env.baseUrl };
  // Whoever runs this named these endpoints, which may be in their own network: they are open to the platform's model calls
  // alone, and those to nothing else.
  const allow = Object.values(platform).flatMap(({ baseUrl }) => (baseUrl === null ? [] : [hostAndPort(baseUrl)]));
  const platformHttp = createHttp({ allow, origins: [], userAgent });
  const { provider } = env;
  const llm = createModels({
    ...sources,
    platform,
    defaults: { fast: { provider, model: env.fastModel }, deep: { provider, model: env.model } },
    timeoutMs: ANSWER_MS,
    http,
    platformHttp,
  });
  return { llm, close: platformHttp.close };
}

const hostAndPort = (url: string): string => {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
};
