import type { Params } from './params.ts';

/** One question to a vendor. */
export interface Call {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Where another host than the connector's answers this. */
  base?: string;
  path: string;
  /** What the vendor itself gave as the next page's address: a query, or a path with one. It stands in place of ours, on the same origin. */
  follow?: string;
  query?: Params;
  headers?: Params;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as a form, in place of `body`. Nested values are written `a[b]`, as PHP and Rails read them. */
  form?: Record<string, unknown>;
  /** The write's file is sent: as the whole body (`raw`), or as this part of a multipart form beside `form`. */
  file?: 'raw' | { part: string };
  /** Sent as it is, in place of `body`; its type is the header `content-type`. */
  text?: string;
  /** What it costs of a budget that counts points; 1 unless said. */
  cost?: number;
  /** Which of the limits that not every call counts against (`Manifest.narrow`) it counts against. */
  limit?: string;
}
