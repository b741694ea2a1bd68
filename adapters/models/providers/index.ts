import type { Provider } from '../../../ports/models.ts';
import { anthropic } from './anthropic.ts';
import { azureOpenai } from './azure-openai.ts';
import { googleAi } from './google-ai.ts';
import { groq } from './groq.ts';
import { openai } from './openai.ts';
import { openrouter } from './openrouter.ts';
import type { ProviderSpec } from './spec.ts';

export const SPECS: Readonly<Record<Provider, ProviderSpec>> = {
  openai,
  anthropic,
  'google-ai': googleAi,
  'azure-openai': azureOpenai,
  groq,
  openrouter,
};
