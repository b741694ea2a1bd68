import { performance } from 'node:perf_hooks';
import { Fault } from '../../ports/errors.ts';
import type { LlmPort, ModelAnswer, ModelRef, ModelRequest, Provider } from '../../ports/models.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { anthropicShape } from './anthropic/messages.ts';
import { infoOf, pricedModels } from './capabilities.ts';
import type { Collected, Door } from './door.ts';
import { createGates } from './gates.ts';
import { createKeys } from './keys.ts';
import type { KeySources } from './keys.ts';
import { openaiShape } from './openai/chat.ts';
import { costMicros, DEAREST, priceOf } from './pricing.ts';
import { SPECS } from './providers/index.ts';
import { judge } from './refusals.ts';
import { countTokens, estimate } from './tokens.ts';
import { openWire } from './wire.ts';

export interface ModelOptions extends KeySources {
  defaults: Record<'fast' | 'deep', ModelRef>;
  /** For one whole answer, the stream included. */
  timeoutMs: number;
  /** Guarded: tenants' keys go to the providers' own hosts. */
  http: Pick<HttpClient, 'fetch'>;
  /** Open to the endpoints that whoever runs this named for the platform's keys, and to nothing else. */
  platformHttp: Pick<HttpClient, 'fetch'>;
}

const SHAPES = { openai: openaiShape, anthropic: anthropicShape };
const LIST_MS = 20_000;
const EMPTY: Collected = {
  content: '',
  toolCalls: [],
  kept: undefined,
  finish: 'filter',
  model: '',
  usage: { inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
  dollars: null,
  id: null,
};

/** Language models of all providers, each by its own library, key and arithmetic. */
export function createModels(options: ModelOptions): LlmPort {
  const { defaults, timeoutMs, http, platformHttp } = options;
  const keys = createKeys(options);
  const gates = createGates();

  const doorOf = (provider: Provider, values: SecretValues, baseUrl: string | null): Omit<Door, 'fetch'> => {
    const spec = SPECS[provider];
    return { spec, baseUrl: baseUrl ?? spec.baseUrl(values), apiKey: values.apiKey ?? '', timeoutMs };
  };

  return {
    async complete(request, { signal, onText = nothing, onLife = nothing }) {
      signal.throwIfAborted();
      const { provider } = request.model;
      const key = await keys.resolve(request.tenantId, provider);
      const gate = `${key.owner === 'tenant' ? request.tenantId : 'platform'}/${provider}/${request.model.model}`;
      gates.pass(gate);
      const { fetch } = key.baseUrl === null ? http : platformHttp;
      const wire = openWire(fetch, onLife);
      const door = { ...doorOf(provider, key.values, key.baseUrl), fetch: wire.fetch };
      const began = performance.now();
      let firstTokenMs: number | null = null;
      const onFirst = () => void (firstTokenMs ??= elapsed(began));

      const deadline = AbortSignal.timeout(timeoutMs);
      const both = AbortSignal.any([signal, deadline]);
      // Told beside the call: that a key was used is worth no wait and no failure.
      const touched = key.used().catch(nothing);
      let collected: Collected;
      try {
        collected = await SHAPES[door.spec.shape].ask(door, request, { onText, onFirst }, both);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (deadline.aborted)
          throw new Fault('llm_transient', `the model did not finish within ${timeoutMs / 1000} s`, {
            providerCode: 'timeout',
          });
        const judged = judge(error, door.spec);
        if (judged.kind === 'fault') {
          const { code, retryAfterMs } = judged.fault;
          if (code === 'llm_rate_limited' && retryAfterMs !== undefined) gates.close(gate, retryAfterMs);
          if (judged.keyRefused) await key.refused();
          throw judged.fault;
        }
        collected = { ...EMPTY, model: request.model.model };
      } finally {
        await touched;
      }
      const requestId = door.spec.requestIdHeaders.map((name) => wire.headers()?.get(name)).find(Boolean);
      const tookMs = elapsed(began);
      return {
        ...priced(collected, request),
        keyOwner: key.owner,
        requestId: requestId ?? collected.id,
        firstTokenMs: firstTokenMs ?? tookMs,
        tookMs,
      };
    },

    estimate,
    info: infoOf,
    models: pricedModels,
    default: (modelClass) => defaults[modelClass],
    keyState: (tenantId, provider) => keys.state(tenantId, provider),

    async listModels(provider, values) {
      const signal = AbortSignal.timeout(LIST_MS);
      const door = { ...doorOf(provider, values, null), fetch: openWire(http.fetch, nothing).fetch };
      try {
        return await SHAPES[door.spec.shape].list(door, signal);
      } catch (error) {
        const judged = judge(error, door.spec);
        if (judged.kind !== 'fault') throw new Fault('llm_bad_request', 'the model provider lists nothing');
        if (judged.fault.code !== 'llm_auth' || judged.keyRefused) throw judged.fault;
        throw new Fault(
          'credential_forbidden',
          `${door.spec.title} lets this key list no models; allow it that there`,
          {
            fields: [{ path: 'apiKey', message: 'may not list models' }],
            providerCode: judged.fault.providerCode,
          },
        );
      }
    },
  };
}

const nothing = () => undefined;
const elapsed = (since: number) => Math.round(performance.now() - since);

/** By the provider's own word where it has one, else by its prices; what nobody says is counted here. */
function priced(
  { dollars, id: _id, usage: told, ...collected }: Collected,
  request: ModelRequest,
): Omit<ModelAnswer, 'keyOwner' | 'requestId' | 'firstTokenMs' | 'tookMs'> {
  const { provider, model } = request.model;
  const usage = told ?? {
    inputTokens: estimate(request).inputTokens,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: countTokens(collected.content + JSON.stringify(collected.toolCalls)),
    reasoningTokens: 0,
  };
  const price = priceOf({ provider, model: collected.model }) ?? priceOf({ provider, model });
  return {
    content: collected.content,
    toolCalls: collected.toolCalls,
    ...(collected.kept !== undefined && { kept: { provider, blocks: collected.kept } }),
    finish: collected.finish,
    model: { provider, model: collected.model },
    usage,
    costMicros: dollars === null ? costMicros(price ?? DEAREST, usage) : Math.ceil(dollars * 1_000_000),
    priced: told !== null && (dollars !== null || price !== null),
  };
}
