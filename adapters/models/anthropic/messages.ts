import type Anthropic from '@anthropic-ai/sdk';
import { untilAborted } from '../door.ts';
import type { Door, Shape } from '../door.ts';
import { messagesBody } from './request.ts';
import { collect } from './stream.ts';

const LISTED_MAX = 1000;

/** Loaded at the first call, as few deployments use every provider. */
async function clientOf({ baseUrl, apiKey, fetch, timeoutMs }: Door): Promise<Anthropic> {
  const { default: Client } = await import('@anthropic-ai/sdk');
  return new Client({
    baseURL: baseUrl,
    apiKey,
    // Named, or the library would take it from the environment.
    authToken: null,
    logLevel: 'off',
    // Retries are the activity's; the library would even try again where a month's money is spent.
    maxRetries: 0,
    timeout: timeoutMs,
    fetch,
  });
}

export const anthropicShape: Shape = {
  async ask(door, request, hearing, signal) {
    const client = await clientOf(door);
    const stream = await client.messages.create(messagesBody(request), { signal });
    return collect(untilAborted(stream, signal), request.model.model, hearing);
  },

  async list(door, signal) {
    const client = await clientOf(door);
    const { data } = await client.models.list({ limit: LISTED_MAX }, { signal });
    return data.map(({ id }) => id);
  },
};
