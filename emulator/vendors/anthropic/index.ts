import { randomUUID } from 'node:crypto';
import { json, jsonBody, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import { deliver } from '../../models/deliver.ts';
import { nextTurn } from '../../models/scripted-model.ts';
import type { ModelFault } from '../../models/script-terms.ts';
import type { Scripts } from '../../models/scripts.ts';
import type { Origin } from '../../world.ts';
import { bodyOf, FAULTS, TYPES, type AnthropicProblem } from './errors.ts';
import { message } from './message.ts';
import { readMessagesRequest } from './messages-request.ts';
import { MODELS, shown, thinksAlways } from './models.ts';

const newId = (prefix: string): string => `${prefix}${randomUUID().replaceAll('-', '').slice(0, 22)}`;
const PAGE = 20;
const PAGE_MAX = 1000;

export function createAnthropic({ now }: Origin, scripts: Scripts): Handler {
  const refuse = (problem: AnthropicProblem, headers: Record<string, string> = {}): Reply => {
    const requestId = newId('req_');
    return json(problem.status, bodyOf(problem, requestId), { ...headers, 'request-id': requestId });
  };
  const wrong = (status: number, text: string): Reply =>
    refuse({ status, type: TYPES[status] ?? 'api_error', message: text });

  const problemOf = ({ kind, code }: ModelFault): AnthropicProblem => {
    const known = FAULTS[kind] ?? { status: 500, type: 'api_error', message: 'Internal server error' };
    return code === undefined ? known : { ...known, errorCode: code };
  };
  const refusal = (fault: ModelFault): Reply => {
    const { kind, retryAfter, retryAfterMs } = fault;
    return refuse(problemOf(fault), {
      ...(kind === 'rate' ? { 'retry-after': String(retryAfter ?? 1) } : {}),
      ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
    });
  };

  const messages = async (call: Call): Promise<Reply> => {
    const body = jsonBody(call);
    if (body === undefined) return wrong(400, 'The request body is not valid JSON');
    const request = readMessagesRequest(body, versionOf(call));
    if ('status' in request) return wrong(request.status, request.message);

    const frame = { id: newId('msg_'), promptCharacters: call.body.length, headers: { 'request-id': newId('req_') } };
    const prompt = call.body.toString('utf8');
    // Of a model that thinks first, calls are known by their ids: the thought has to come back with them.
    const prefix = thinksAlways(request.model) ? 'toolu_think' : 'toolu';
    const cue = scripts.cue(request, prompt, keyOf(call), (step) => newId(`${prefix}_k${step}_`));
    if (typeof cue === 'string') return wrong(400, cue);
    if (cue) {
      const overloaded = bodyOf(problemOf({ kind: 'overloaded' }), frame.id);
      const answer = (turn: typeof cue.turn) => message(request, turn, frame);
      return deliver(cue, { answer, spoilt: (turn) => message(request, turn, frame, overloaded), refusal }, now);
    }
    const noted = scripts.unscripted(request, prompt, keyOf(call));
    const turn = nextTurn(request, now(), () => newId(`${prefix}_`));
    const sent = () => void (noted.finishedAt = new Date(now()).toISOString());
    return { ...message(request, turn, frame), sent };
  };

  const listed = ({ query }: Call): Reply => {
    const limit = Math.min(Number(query.get('limit') ?? PAGE), PAGE_MAX);
    const after = MODELS.indexOf(query.get('after_id') ?? '') + 1;
    const page = MODELS.slice(after, after + limit);
    return json(200, {
      data: page.map(shown),
      has_more: after + page.length < MODELS.length,
      first_id: page[0] ?? null,
      last_id: page.at(-1) ?? null,
    });
  };

  const routes = router(
    [
      route('POST', '/v1/messages', messages),
      route('POST', '/v1/messages/count_tokens', (call) =>
        json(200, { input_tokens: Math.max(1, Math.ceil(call.body.length / 4)) }),
      ),
      route('GET', '/v1/models', listed),
      route('GET', '/v1/models/:id', (_call, id = '') =>
        MODELS.includes(id) ? json(200, shown(id)) : wrong(404, `model: ${id}`),
      ),
    ],
    () => wrong(404, 'Not Found'),
  );

  return (call) => {
    const key = keyOf(call);
    if (!/^emulator\S*$/.test(key) || scripts.refuses(key)) return wrong(401, 'invalid x-api-key');
    return versionOf(call) === '' ? wrong(400, 'anthropic-version: header is required') : routes(call);
  };
}

const versionOf = ({ headers }: Call): string => [headers['anthropic-version']].flat()[0] ?? '';
const keyOf = (call: Call): string => [call.headers['x-api-key']].flat()[0] ?? tokenIn(call, 'Bearer') ?? '';
