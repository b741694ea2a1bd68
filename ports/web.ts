import type { TenantId } from './ids.ts';

export interface WebRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  /** Text, and what it is. */
  body: { text: string; contentType: string } | null;
  /** The same for each attempt of one request; the server may know it again by its header `Idempotency-Key`. */
  key: string | null;
  signal: AbortSignal;
}

export interface WebAnswer {
  status: number;
  /** Where the answer came from, after redirects. */
  url: string;
  contentType: string | null;
  /** Pages as plain text, everything else as it is; null: it is no text. */
  text: string | null;
  bytes: number;
}

/** The web for agents: https alone, behind the same guard as every tenant-supplied host. */
export interface WebPort {
  /**
   * Any status is an answer. Faults: `host_refused` for an inside address, and for a host, of the URL or of a redirect, that is
   * not on the tenant's own list; `provider_down`; `provider_garbage` (more than 2 MB, say).
   */
  send: (tenantId: TenantId, request: WebRequest) => Promise<WebAnswer>;
}
