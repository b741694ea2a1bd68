import { azure } from './azure-openai.ts';
import { openai, type Dialect } from './dialect.ts';
import { googleAi } from './google-ai.ts';
import { groq } from './groq.ts';
import { openrouter } from './openrouter.ts';

/** OpenAI, and those who speak as it does with words of their own. */
export const DIALECTS: Dialect[] = [openai, googleAi, azure, groq, openrouter];
