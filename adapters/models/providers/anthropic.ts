import { ANTHROPIC_PRICES } from '../prices/anthropic.ts';
import type { ProviderSpec } from './spec.ts';

export const anthropic: ProviderSpec = {
  id: 'anthropic',
  title: 'Anthropic',
  shape: 'anthropic',
  baseUrl: () => 'https://api.anthropic.com',
  keyHeader: 'x-api-key',
  maxTokensField: 'max_tokens',
  requestIdHeaders: ['request-id'],
  // The version that is asked for refuses every temperature.
  without: { temperature: /./ },
  refusals: {
    // The first of these last until the month ends and say nothing of how long.
    quota: /_spend_limit_reached$|^billing_error$/,
    rate: /^rate_limit_error$/,
    overflow: /^request_too_large$/,
    auth: /^(authentication_error|permission_error)$/,
    transient: /^(api_error|timeout_error|overloaded_error|conflict_error)$/,
  },
  tokenFactor: 1.15,
  prices: ANTHROPIC_PRICES,
};
