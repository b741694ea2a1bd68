import type { Provider } from '../../../ports/models.ts';
import type { SecretValues } from '../../../ports/secrets.ts';
import type { PriceTable } from '../prices/table.ts';

/** What a provider's own names for a problem mean, whatever status they come with. */
export interface RefusalNames {
  quota?: RegExp;
  rate?: RegExp;
  overflow?: RegExp;
  auth?: RegExp;
  /** It did not like what was asked or answered: an answer without content, and no error. */
  filter?: RegExp;
  transient?: RegExp;
}

/** One provider, declared: where it is, and how it differs from the others of its shape. */
export interface ProviderSpec {
  id: Provider;
  title: string;
  shape: 'openai' | 'anthropic';
  /** Where a key goes that came without an address of its own. `invalid_request` when `values` name none that will do. */
  baseUrl: (values: SecretValues) => string;
  keyHeader: 'authorization' | 'api-key' | 'x-api-key';
  maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Sent with every request to this model. */
  extraBody?: (model: string) => Record<string, unknown>;
  /** Answered only where the key is good; absent: the list of models is. */
  proof?: string;
  requestIdHeaders: string[];
  /** By model: what it does not do. */
  without: { temperature?: RegExp; tools?: RegExp; jsonSchema?: RegExp; jsonSchemaBesideTools?: RegExp };
  /** A reply's shape is said in words too: it may be dropped on its way to the model without a word. */
  dropsShape?: true;
  /** Models that want a signature of a thought on the first call of each turn, also where another model made the call. */
  signedCalls?: RegExp;
  refusals: RefusalNames;
  /** Tokens are counted with one encoding for all; what others may count above it. */
  tokenFactor: number;
  /** Null: the provider says itself what each call cost. */
  prices: PriceTable | null;
}
