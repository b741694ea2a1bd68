import { randomUUID } from 'node:crypto';
import { json, jsonBody, record, route, router, type Call, type Handler, type Reply } from '../../http.ts';
import { deliver } from '../../models/deliver.ts';
import { nextTurn } from '../../models/scripted-model.ts';
import type { ModelFault } from '../../models/script-terms.ts';
import type { Scripts } from '../../models/scripts.ts';
import type { Origin } from '../../world.ts';
import { readChatRequest } from './chat-request.ts';
import { completion, type Frame } from './completion.ts';
import type { Dialect } from './dialect.ts';
import { DIALECTS } from './dialects.ts';
import { badRequest, completed, FAULTS, type OpenaiProblem } from './errors.ts';
import { EMBEDDING_MODELS } from './models.ts';
import { createScript, turnOf, type ScriptedAnswer } from './script.ts';

export interface OpenaiControl {
  /** Queues answers that take the place of the scripted model's own, in this order. */
  script: (...answers: ScriptedAnswer[]) => void;
  /** Scripted answers nobody has taken yet. */
  pending: () => number;
  clear: () => void;
  /** The bodies of the chat requests received, oldest first. */
  requests: () => Record<string, unknown>[];
}

/** OpenAI and those who speak as it does, by the names they are mounted under. */
export interface ChatVendors {
  mounts: Record<string, Handler>;
  control: OpenaiControl;
}

const KEPT_REQUESTS = 500;
const newId = (prefix: string): string => `${prefix}${randomUUID().replaceAll('-', '').slice(0, 24)}`;

export function createChatVendors({ now }: Origin, scripts: Scripts): ChatVendors {
  const queue = createScript();
  let received: Record<string, unknown>[] = [];
  const mount = (dialect: Dialect): [string, Handler] => [
    dialect.provider,
    chatVendor(dialect, {
      now,
      scripts,
      queue,
      heard: (body) => void (received = [...received, body].slice(-KEPT_REQUESTS)),
    }),
  ];
  return {
    mounts: Object.fromEntries(DIALECTS.map(mount)),
    control: {
      script: queue.add,
      pending: queue.pending,
      clear: queue.clear,
      requests: () => structuredClone(received),
    },
  };
}

interface Parts {
  now: () => number;
  scripts: Scripts;
  queue: ReturnType<typeof createScript>;
  heard: (body: Record<string, unknown>) => void;
}

function chatVendor(dialect: Dialect, { now, scripts, queue, heard }: Parts): Handler {
  const { base, provider, models, listed } = dialect;
  const refuse = (problem: OpenaiProblem): Reply =>
    json(problem.status, dialect.error(completed(problem)), problem.headers);
  const problemOf = ({ kind, code, retryAfter = 1, retryAfterMs }: ModelFault): OpenaiProblem => {
    const problem = dialect.faults[kind] ?? FAULTS[kind] ?? { status: 500 };
    const again = kind === 'rate' ? dialect.again(retryAfter) : {};
    const inMs = retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) };
    return {
      ...problem,
      ...again,
      ...(code === undefined ? {} : { code }),
      headers: { ...problem.headers, ...again.headers, ...inMs },
    };
  };

  const chat = async (call: Call): Promise<Reply> => {
    const body = jsonBody(call);
    if (body === undefined) return refuse(badRequest('We could not parse the JSON body of your request.'));
    heard(record(body));
    const request = readChatRequest(dialect, body);
    if ('status' in request) return refuse(request);

    const frame: Frame = {
      id: newId('chatcmpl-'),
      created: Math.floor(now() / 1000),
      headers: rateHeaders(),
      promptCharacters: call.body.length,
      dialect,
    };
    const prompt = call.body.toString('utf8');
    const key = dialect.key(call) ?? '';
    const cue = scripts.cue(request, prompt, key, (step) => newId(`${dialect.callId}_k${step}_`));
    if (typeof cue === 'string') return refuse(badRequest(cue));
    if (cue) {
      const spoiltBy = (fault: ModelFault) => dialect.error(completed(problemOf({ ...fault, kind: 'server' })));
      return deliver(
        cue,
        {
          answer: (turn) => completion(request, turn, frame),
          spoilt: (turn, fault) => completion(request, turn, frame, spoiltBy(fault)),
          refusal: (fault) => refuse(problemOf(fault)),
        },
        now,
      );
    }
    const noted = scripts.unscripted(request, prompt, key);
    const scripted = queue.take(prompt);
    if (scripted?.kind === 'error') {
      noted.kind = 'bad';
      return refuse(scripted);
    }
    const turn =
      (scripted && turnOf(scripted, () => newId('call_'))) ??
      nextTurn(request, now(), () => newId(`${dialect.callId}_`));
    const reply = completion(request, turn, frame);
    const sent = () => void (noted.finishedAt = new Date(now()).toISOString());
    return scripted?.kind === 'cut' ? { ...reply, ending: 'cut' } : { ...reply, sent };
  };

  const all = [
    ...(models ?? ['gpt-5.4-2026-03-05', 'gpt-4o-mini']),
    ...(provider === 'openai' ? EMBEDDING_MODELS : []),
  ];
  const routes = router(
    [
      route('POST', `${base}/chat/completions`, chat),
      // All kinds in one list with nothing to tell them apart, as the vendor has it.
      route('GET', `${base}/models`, () => json(200, { object: 'list', data: all.map(listed) })),
      route('GET', `${base}/models/:id`, (_call, id = '') =>
        all.includes(id) ? json(200, listed(id)) : refuse({ status: 404 }),
      ),
      ...(provider === 'openrouter'
        ? [
            route('GET', `${base}/key`, () =>
              json(200, { data: { label: 'sk-or-v1-***', limit_remaining: null, is_free_tier: false } }),
            ),
          ]
        : []),
    ],
    ({ method, path }) => refuse({ status: 404, code: null, message: `Invalid URL (${method} ${path})` }),
  );
  // There the list of models proves nothing about a key: anybody may read it.
  const isOpen = ({ method, path }: Call) => provider === 'openrouter' && method === 'GET' && path === `${base}/models`;

  return async (call) => {
    const key = dialect.key(call) ?? '';
    const reply =
      isOpen(call) || (/^emulator\S*$/.test(key) && !scripts.refuses(key))
        ? await routes(call)
        : refuse({ status: 401, ...dialect.faults.auth });
    const named = dialect.requestId === '' ? {} : { [dialect.requestId]: newId('req_') };
    return { ...reply, headers: { ...reply.headers, ...named } };
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
