import type { ModelFaultKind } from '../../models/script-terms.ts';

export interface AnthropicProblem {
  status: number;
  type: string;
  message: string;
  /** Names the cause where the type alone does not. */
  errorCode?: string;
}

export const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
};

const problem = (status: number, type: string, message: string): AnthropicProblem => ({ status, type, message });

export const FAULTS: Partial<Record<ModelFaultKind, AnthropicProblem>> = {
  rate: problem(429, 'rate_limit_error', 'This request would exceed the rate limit of your organization.'),
  // The same status and type as throttling, and no word on when it ends.
  quota: {
    ...problem(429, 'rate_limit_error', 'You have reached your monthly spend limit.'),
    errorCode: 'enforced_spend_limit_reached',
  },
  overloaded: problem(529, 'overloaded_error', 'Overloaded'),
  server: problem(500, 'api_error', 'Internal server error'),
  overflow: problem(400, 'invalid_request_error', 'prompt is too long: 1048599 tokens > 1000000 maximum'),
  auth: problem(401, 'authentication_error', 'invalid x-api-key'),
  bad: problem(400, 'invalid_request_error', 'The request is not valid: it was told to be refused.'),
  filter: problem(400, 'invalid_request_error', 'Output blocked by content filtering policy'),
};

export const bodyOf = ({ type, message, errorCode }: AnthropicProblem, requestId: string) => ({
  type: 'error',
  error: { type, message, details: errorCode === undefined ? null : { error_code: errorCode } },
  request_id: requestId,
});
