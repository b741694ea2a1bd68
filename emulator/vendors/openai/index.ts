import { randomUUID } from 'node:crypto';
import { json, jsonBody, record, route, router, type Call, type Handler, type Reply } from '../../http.ts';
import type { Origin } from '../../world.ts';
import { readChatRequest } from './chat-request.ts';
import { completion } from './completion.ts';
import { badRequest, openaiError } from './errors.ts';
import { listModels, MODELS } from './models.ts';
import { createScript, turnOf, type ScriptedAnswer } from './script.ts';
import { nextTurn } from './scripted-model.ts';

export interface OpenaiControl {
  /** Queues answers that take the place of the scripted model's own, in this order. */
  script: (...answers: ScriptedAnswer[]) => void;
  /** Scripted answers nobody has taken yet. */
  pending: () => number;
  clear: () => void;
  /** The bodies of the chat requests received, oldest first. */
  requests: () => Record<string, unknown>[];
}

export interface Openai {
  handle: Handler;
  control: OpenaiControl;
}

const KEPT_REQUESTS = 500;

export function createOpenai({ now }: Origin): Openai {
  const script = createScript();
  let received: Record<string, unknown>[] = [];
  const newId = (prefix: string) => `${prefix}${randomUUID().replaceAll('-', '').slice(0, 24)}`;
  const callId = () => newId('call_');

  const chat = (call: Call): Reply => {
    const body = jsonBody(call);
    if (body === undefined) return badRequest('We could not parse the JSON body of your request.');
    received = [...received, record(body)].slice(-KEPT_REQUESTS);
    const request = readChatRequest(body);
    if ('status' in request) return request;

    const scripted = script.take(call.body.toString('utf8'));
    if (scripted?.kind === 'error') return openaiError(scripted);
    const turn = (scripted && turnOf(scripted, callId)) ?? nextTurn(request, now(), callId);
    const reply = completion(request, turn, {
      id: newId('chatcmpl-'),
      created: Math.floor(now() / 1000),
      headers: rateHeaders(),
      promptCharacters: call.body.length,
    });
    return scripted?.kind === 'cut' ? { ...reply, ending: 'cut' } : reply;
  };

  const routes = router(
    [
      route('POST', '/v1/chat/completions', chat),
      route('GET', '/v1/models', listModels),
      route('GET', '/v1/models/:id', (_call, id = '') =>
        MODELS.includes(id)
          ? json(200, { id, object: 'model', created: 1_790_640_000, owned_by: 'system' })
          : openaiError({ status: 404 }),
      ),
    ],
    ({ method, path }) => openaiError({ status: 404, code: null, message: `Invalid URL (${method} ${path})` }),
  );

  return {
    async handle(call) {
      const authorized = /^Bearer emulator\S*$/.test(call.headers.authorization ?? '');
      const reply = authorized ? await routes(call) : openaiError({ status: 401 });
      return { ...reply, headers: { ...reply.headers, 'x-request-id': newId('req_') } };
    },
    control: {
      script: script.add,
      pending: script.pending,
      clear: script.clear,
      requests: () => structuredClone(received),
    },
  };
}

/** Resets are durations here, not times. */
const rateHeaders = (): Record<string, string> => ({
  'x-ratelimit-limit-requests': '5000',
  'x-ratelimit-remaining-requests': '4999',
  'x-ratelimit-reset-requests': '12ms',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-tokens': '1999000',
  'x-ratelimit-reset-tokens': '6m0s',
});
