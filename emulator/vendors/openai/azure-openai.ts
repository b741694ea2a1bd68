import { bearer, CREATED, openai, type Dialect } from './dialect.ts';

export const azure: Dialect = {
  ...openai,
  provider: 'azure-openai',
  base: '/openai/v1',
  models: null,
  key: (call) => [call.headers['api-key']].flat()[0] ?? bearer(call),
  error: ({ status, message, code, param, type }) =>
    status === 401 || status === 429
      ? { error: { code: String(status), message } }
      : { error: { code, message, param, type } },
  faults: {
    auth: {
      status: 401,
      message: 'Access denied due to invalid subscription key or wrong API endpoint.',
    },
    filter: {
      status: 400,
      code: 'content_filter',
      message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    },
  },
  opening: [
    `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] })}\n\n`,
  ],
  // What the filter found while the answer was given out already.
  annotation: `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [{ index: 0, finish_reason: null, content_filter_results: { hate: { filtered: false, severity: 'safe' } }, content_filter_offsets: { check_offset: 0, start_offset: 0, end_offset: 44 } }] })}\n\n`,
  requestId: 'apim-request-id',
  listed: (id) => ({ id, object: 'model', created_at: CREATED, status: 'succeeded', lifecycle_status: 'preview' }),
};
