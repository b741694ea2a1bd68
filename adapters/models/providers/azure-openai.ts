import { Fault } from '../../../ports/errors.ts';
import { AZURE_OPENAI_PRICES } from '../prices/azure-openai.ts';
import { openai } from './openai.ts';
import type { ProviderSpec } from './spec.ts';

const HOST = /^[a-z0-9-]+\.(openai|services\.ai|cognitiveservices)\.azure\.(com|us|cn)$/;

/** The resource's own host; whatever path a person copied with it is left out. */
function endpoint(given: string | undefined): string {
  const url = URL.parse(given ?? '');
  if (url?.protocol === 'https:' && url.port === '' && HOST.test(url.hostname)) return `${url.origin}/openai/v1`;
  throw new Fault(
    'invalid_request',
    'an Azure key comes with its resource’s endpoint: https://<name>.openai.azure.com',
    {
      fields: [{ path: 'endpoint', message: 'give the address of your resource, https://<name>.openai.azure.com' }],
    },
  );
}

/** A model is named by its deployment here, which an admin called what they liked; the answer names the model. */
export const azureOpenai: ProviderSpec = {
  ...openai,
  id: 'azure-openai',
  title: 'Azure OpenAI',
  baseUrl: (values) => endpoint(values.endpoint),
  keyHeader: 'api-key',
  requestIdHeaders: ['apim-request-id', 'x-ms-request-id', 'x-request-id'],
  // A deployment of any other name may be of a model that thinks, and refuse the whole request.
  without: { temperature: /^(?!gpt-4|gpt-35)/ },
  refusals: { ...openai.refusals, filter: /^(content_filter|ResponsibleAIPolicyViolation)$/ },
  prices: AZURE_OPENAI_PRICES,
};
