import type OpenAI from 'openai';
import { untilAborted } from '../door.ts';
import type { Door, Shape } from '../door.ts';
import { chatBody } from './request.ts';
import { collect } from './stream.ts';

/** Loaded at the first call: whoever never makes one does not pay for it. */
async function clientOf({ spec, baseUrl, apiKey, fetch, timeoutMs }: Door): Promise<OpenAI> {
  const { default: Client } = await import('openai');
  return new Client({
    baseURL: baseUrl,
    apiKey,
    // Named, or the library would take them from the environment.
    organization: null,
    project: null,
    webhookSecret: null,
    ...(spec.keyHeader !== 'authorization' && { defaultHeaders: { authorization: null, [spec.keyHeader]: apiKey } }),
    logLevel: 'off',
    // Retries are the activity's: it knows error classes and budgets.
    maxRetries: 0,
    timeout: timeoutMs,
    fetch,
  });
}

/** Whoever speaks OpenAI's chat completions. */
export const openaiShape: Shape = {
  async ask(door, request, hearing, signal) {
    const client = await clientOf(door);
    const stream = await client.chat.completions.create(chatBody(request, door.spec), { signal });
    return collect(untilAborted(stream, signal), request.model.model, hearing);
  },

  async list(door, signal) {
    const client = await clientOf(door);
    if (door.spec.proof !== undefined) await client.get(door.spec.proof, { signal });
    const { data } = await client.models.list({ signal });
    return data.map(({ id }) => id.replace(/^models\//, ''));
  },
};
