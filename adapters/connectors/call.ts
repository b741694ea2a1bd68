import type { Params } from './auth-methods.ts';

/** One question to a vendor. */
export interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  /** Where another host than the connector's answers this. */
  base?: string;
  path: string;
  query?: Params;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as a form, in place of `body`. */
  form?: Params;
}
