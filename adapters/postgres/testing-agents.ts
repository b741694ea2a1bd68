import type { AgentSettings } from '../../ports/agents.ts';
import { DEFAULT_SETTINGS } from '../../ports/agents.ts';
import type { ModelAnswer } from '../../ports/models.ts';

/** Settings of an agent as a tenant has them at first, for tests. */
export const agentSettings = (with_: Partial<AgentSettings> = {}): AgentSettings => ({
  ...DEFAULT_SETTINGS,
  provider: 'openai',
  ...with_,
});

/** A model's answer that cost something, for tests. */
export const anAnswer = (with_: Partial<ModelAnswer> = {}): ModelAnswer => ({
  ...{ content: 'one', toolCalls: [], finish: 'stop', model: { provider: 'openai', model: 'm' } },
  usage: { inputTokens: 30, cachedTokens: 10, cacheWriteTokens: 0, outputTokens: 4, reasoningTokens: 1 },
  ...{ costMicros: 500, priced: true, keyOwner: 'platform', requestId: null, firstTokenMs: 12.4, tookMs: 30.6 },
  ...with_,
});
