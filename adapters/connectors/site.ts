import type { HttpAnswer, HttpClient } from '../http/client.ts';

/** A look at a tenant's system without a credential: how a connector finds out what it is. */
export interface Site {
  get: (url: string) => Promise<HttpAnswer>;
}

export const siteOf = (http: HttpClient): Site => ({
  get: (url) => http.send({ method: 'GET', url, headers: { accept: 'application/json' }, timeoutMs: 15_000 }),
});
