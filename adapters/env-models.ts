import { z } from 'zod';
import { Provider } from '../ports/models.ts';

const origin = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
/** As a tenant's own key is written, with where it goes when that is not the provider itself. */
const PlatformKey = z.object({ apiKey: z.string().min(1), baseUrl: origin.optional() }).catchall(z.string());

/** The variables that say which models the platform itself can ask. */
export const ModelVariables = {
  LLM_PROVIDER: Provider.default('openai'),
  /** Where LLM_PROVIDER's calls go; absent: to the provider itself. */
  LLM_BASE_URL: origin.optional(),
  LLM_API_KEY: z.string().optional(),
  LLM_MODEL: z.string().optional(),
  /** For agents that ask for a fast model; absent: the same. */
  LLM_FAST_MODEL: z.string().optional(),
  /** Keys at the other providers. */
  LLM_KEYS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('is not JSON like {"anthropic":{"apiKey":"…"}}');
        return z.NEVER;
      }
    })
    .pipe(z.partialRecord(Provider, PlatformKey))
    .default({}),
};

export interface ModelsEnv {
  provider: Provider;
  baseUrl: string | null;
  apiKey: string | null;
  model: string;
  fastModel: string;
  keys: Partial<Record<Provider, { values: Record<string, string>; baseUrl: string | null }>>;
}

const DEFAULT_MODEL = 'gpt-4o-mini';

type Variables = z.infer<z.ZodObject<typeof ModelVariables>>;

/** Only OpenAI has a model that is meant where none is named. */
export const modelProblems = ({ LLM_PROVIDER, LLM_MODEL }: Record<string, string | undefined>): string[] =>
  LLM_PROVIDER !== undefined && LLM_PROVIDER !== 'openai' && LLM_MODEL === undefined
    ? [`LLM_MODEL: is not set; name a model of ${LLM_PROVIDER}`]
    : [];

export function modelsEnv(env: Variables): ModelsEnv {
  const model = env.LLM_MODEL ?? DEFAULT_MODEL;
  return {
    provider: env.LLM_PROVIDER,
    baseUrl: env.LLM_BASE_URL ?? null,
    apiKey: env.LLM_API_KEY ?? null,
    model,
    fastModel: env.LLM_FAST_MODEL ?? model,
    keys: Object.fromEntries(
      Object.entries(env.LLM_KEYS).map(([provider, { baseUrl, ...values }]) => [
        provider,
        { values, baseUrl: baseUrl ?? null },
      ]),
    ),
  };
}
