/** What each error code means to a caller: the HTTP status, and whether trying again may help. */
export const FAULTS = {
  invalid_request: { status: 400, retry: false },
  oauth_state_invalid: { status: 400, retry: false },
  oauth_denied: { status: 400, retry: false },
  unauthenticated: { status: 401, retry: false },
  forbidden: { status: 403, retry: false },
  not_found: { status: 404, retry: false },
  method_not_allowed: { status: 405, retry: false },
  conflict: { status: 409, retry: false },
  approval_stale: { status: 409, retry: false },
  approval_closed: { status: 409, retry: false },
  reauth_required: { status: 409, retry: false },
  too_large: { status: 413, retry: false },
  unsupported_media_type: { status: 415, retry: false },
  unprocessable: { status: 422, retry: false },
  idempotency_mismatch: { status: 422, retry: false },
  unknown_connector: { status: 422, retry: false },
  unsupported: { status: 422, retry: false },
  host_refused: { status: 422, retry: false },
  not_that_system: { status: 422, retry: false },
  credential_rejected: { status: 422, retry: false },
  credential_forbidden: { status: 422, retry: false },
  provider_rejected: { status: 422, retry: false },
  not_connected: { status: 422, retry: false },
  not_approved: { status: 422, retry: false },
  rate_limited: { status: 429, retry: true },
  internal: { status: 500, retry: true },
  provider_down: { status: 502, retry: true },
  provider_garbage: { status: 502, retry: true },
  unavailable: { status: 503, retry: true },
  /** The secret store knows us and says no: whoever runs it must mend it. */
  secrets_denied: { status: 503, retry: false },
  provider_rate_limited: { status: 503, retry: true },
  grant_revoked: { status: 409, retry: false },
  client_broken: { status: 503, retry: false },
  lost_response: { status: 503, retry: false },
  stale_version: { status: 409, retry: false },
  payload_too_large: { status: 500, retry: false },
  outcome_unknown: { status: 502, retry: false },
  delete_guard: { status: 409, retry: false },
  llm_rate_limited: { status: 503, retry: true },
  llm_transient: { status: 503, retry: true },
  llm_quota: { status: 503, retry: false },
  llm_auth: { status: 503, retry: false },
  /** Neither the tenant has a key at this provider nor may it use the platform's. */
  llm_no_key: { status: 422, retry: false },
  llm_context_overflow: { status: 422, retry: false },
  llm_bad_request: { status: 422, retry: false },
  llm_bad_output: { status: 502, retry: false },
  /** A run came to a limit and people did not raise it. */
  budget_exceeded: { status: 402, retry: false },
  limit_reached: { status: 422, retry: false },
  /** The same call again and again, or no progress. */
  loop_stopped: { status: 422, retry: false },
} as const satisfies Record<string, { status: number; retry: boolean }>;

export type FaultCode = keyof typeof FAULTS;

/** One refused field: `path` in dotted form, `message` says what is wrong and the mend. */
export interface FieldError {
  path: string;
  message: string;
}

interface FaultDetail {
  cause?: unknown;
  /** How long the other side asked us to wait. */
  retryAfterMs?: number;
  fields?: FieldError[];
  /** The other side's own code, such as `invalid_grant`: for people who look it up there. */
  providerCode?: string | null;
}

/** The one error that adapters throw. `message` is shown to people: one sentence, no secret, with the mend. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly retryAfterMs: number | undefined;
  readonly fields: FieldError[];
  readonly providerCode: string | null;

  constructor(code: FaultCode, message: string, { cause, retryAfterMs, fields = [], providerCode }: FaultDetail = {}) {
    super(message, { cause });
    this.name = 'Fault';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.fields = fields;
    this.providerCode = providerCode ?? null;
  }
}

export const isFault = (error: unknown, ...codes: FaultCode[]): error is Fault =>
  error instanceof Fault && codes.includes(error.code);

export const isFaultCode = (code: unknown): code is FaultCode =>
  typeof code === 'string' && Object.hasOwn(FAULTS, code);
