import { tokenIn, type Call } from '../../http.ts';
import type { Usage } from '../../models/conversation.ts';
import type { ModelFaultKind } from '../../models/script-terms.ts';
import { MODELS } from './models.ts';
import type { OpenaiProblem } from './errors.ts';

/** How a vendor of OpenAI's form differs from OpenAI. Each part is from the vendor's facts. */
export interface Dialect {
  provider: string;
  /** What its base URL holds after the host. */
  base: string;
  /** Null: any name that people gave, such as a deployment's. */
  models: string[] | null;
  key: (call: Call) => string | undefined;
  error: (problem: Required<Omit<OpenaiProblem, 'headers' | 'details'>> & Pick<OpenaiProblem, 'details'>) => unknown;
  faults: Partial<Record<ModelFaultKind, OpenaiProblem>>;
  /** How it says when to come again: seconds as a number, or as the header has it. */
  again: (after: number | string) => Pick<OpenaiProblem, 'headers' | 'details'>;
  usage: (usage: Usage) => Record<string, unknown>;
  /** Written before the first piece of an answer. */
  opening?: string[];
  /** Written once an answer is finished: a choice without a piece of it. */
  annotation?: string;
  /** Every last chunk says its usage here too, asked or not. */
  usageAlsoIn?: string;
  requestId: string;
  /** Begins the ids of calls. */
  callId: string;
  /**
   * On the first call of each turn, and wanted back with it. These models want one on every turn's first call since the last
   * word of the user, or the `placeholder` where somebody else made the call.
   */
  signature?: { value: string; wantedBy: RegExp; placeholder: string };
  /** Calls are streamed whole, and nothing but their ids tells them apart. */
  wholeCalls?: true;
  listed: (id: string) => Record<string, unknown>;
}

export const CREATED = 1_790_640_000;
export const bearer = (call: Call): string | undefined => tokenIn(call, 'Bearer');

export const usage = ({ input, cached, cacheWrite, output, reasoning }: Usage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached, ...(cacheWrite > 0 ? { cache_write_tokens: cacheWrite } : {}) },
  completion_tokens_details: { reasoning_tokens: reasoning },
});

export const openai: Dialect = {
  provider: 'openai',
  base: '/v1',
  models: MODELS,
  key: bearer,
  error: ({ message, type, param, code }) => ({ error: { message, type, param, code } }),
  faults: {},
  again: (after) => ({ headers: { 'retry-after': String(after) } }),
  usage,
  requestId: 'x-request-id',
  callId: 'call',
  listed: (id) => ({ id, object: 'model', created: CREATED, owned_by: 'system' }),
};
