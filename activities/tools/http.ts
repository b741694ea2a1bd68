import { z } from 'zod';
import { isFault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import type { WebRequest } from '../../ports/web.ts';
import { DEFAULT_ASK } from '../../ports/tools.ts';
import { refusal, said } from './answers.ts';
import { declaredFamily, declareTool, reads } from './declare.ts';
import type { ToolAnswer, ToolCalled, ToolFamily } from './toolbox.ts';

const url = z.url({ protocol: /^https?$/ }).max(2000);
const BODY_CHARS_MAX = 100_000;

/** The web, as far as the tenant's list of hosts goes. */
export const httpTools = ({ web }: Pick<Ports, 'web'>): ToolFamily => {
  const send = async (
    { at: { tenantId }, signal }: ToolCalled,
    request: Omit<WebRequest, 'signal'>,
  ): Promise<ToolAnswer> => {
    try {
      const { status, url: from, contentType, text, bytes } = await web.send(tenantId, { ...request, signal });
      const answer = said({ status, url: from, contentType, bytes, text: text ?? 'It is no text.' }, String(status));
      return { ...answer, ok: status < 400 };
    } catch (error) {
      // What only reads may be read elsewhere; of a write that nobody answered, nobody knows its end.
      if (request.method === 'GET' && isFault(error, 'provider_down', 'provider_garbage'))
        return { ok: false, content: refusal(error.message) };
      throw error;
    }
  };

  return declaredFamily('http', {
    http_get: declareTool({
      ...reads(true),
      description: 'Fetches a page or file from the web as text. Only hosts that the company allows are reached.',
      input: z.strictObject({ url }),
      run: (call, { url: at }) => send(call, { method: 'GET', url: at, body: null, key: null }),
    }),
    http_request: declareTool({
      ...{ route: 'activity', effect: 'irreversible', consent: { kind: 'ask', policy: DEFAULT_ASK }, external: true },
      description: 'Sends a request that changes something on the web. Only hosts that the company allows are reached.',
      input: z.strictObject({
        method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']),
        url,
        body: z.string().max(BODY_CHARS_MAX).optional(),
        contentType: z
          .string()
          .regex(/^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/)
          .default('application/json'),
      }),
      // By the meaning of the methods: twice is as good as once.
      repeatable: ({ method }) => method === 'PUT' || method === 'DELETE',
      run: (call, { method, url: at, body, contentType }) =>
        send(call, {
          ...{ method, url: at, key: call.effectKey },
          body: body === undefined ? null : { text: body, contentType },
        }),
    }),
  });
};
