import { GOOGLE_AI_PRICES } from '../prices/google-ai.ts';
import type { ProviderSpec } from './spec.ts';

/** Gemini by its OpenAI-shaped door. */
export const googleAi: ProviderSpec = {
  id: 'google-ai',
  title: 'Google AI',
  shape: 'openai',
  baseUrl: () => 'https://generativelanguage.googleapis.com/v1beta/openai',
  // This one alone: a key in two headers is refused.
  keyHeader: 'authorization',
  maxTokensField: 'max_tokens',
  requestIdHeaders: ['x-request-id'],
  without: {
    temperature: /^gemini-(3\.[5-9]|[4-9]|flash|pro)/,
    // Before its third generation it is one or the other.
    jsonSchemaBesideTools: /^gemini-[12]\b/,
  },
  // From the third generation on.
  signedCalls: /^gemini-(?![12]\b)/,
  refusals: {
    // A day's quota and a rate come alike; only the name of the quota tells them apart.
    quota: /PerDay|^FAILED_PRECONDITION$/,
    rate: /^RESOURCE_EXHAUSTED$/,
    // An older key that is no good answers 400.
    auth: /^(API_KEY_INVALID|UNAUTHENTICATED|PERMISSION_DENIED)$/,
    transient: /^(INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED)$/,
  },
  tokenFactor: 1.15,
  prices: GOOGLE_AI_PRICES,
};
