import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import type { App } from './apps.ts';

/** One request as a vendor saw it. */
export interface Seen {
  method: string;
  /** The vendor's own URL, without its query. */
  url: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Reply = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void;

export interface Vendors extends AsyncDisposable {
  http: HttpClient;
  url: string;
  seen: Seen[];
  answers: (reply: Reply) => void;
}

/** A local server in the place of every host of these patterns; each test says what it answers. */
export async function openVendors(hosts: string[]): Promise<Vendors> {
  const seen: Seen[] = [];
  let reply: Reply = (_seen, response) => response.writeHead(404).end();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        const host = request.headers['x-forwarded-host'] ?? request.headers.host ?? '';
        const { origin, pathname, searchParams } = new URL(`https://${String(host)}${request.url ?? ''}`);
        const found: Seen = {
          method: request.method ?? '',
          url: origin + pathname,
          query: Object.fromEntries(searchParams),
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        };
        seen.push(found);
        reply(found, response, request);
      });
  });
  const url = await new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
  const http = createHttp({
    allow: [new URL(url).host],
    origins: hosts.map((host) => ({ from: `https://${host}`, to: url })),
    userAgent: 'test',
  });
  return {
    http,
    url,
    seen,
    answers: (given) => void (reply = given),
    [Symbol.asyncDispose]: async () => {
      await http.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Reply =>
  (_seen, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));

export const app = (more: Partial<App> = {}): App => ({
  clientId: 'our-id',
  clientSecret: 'secret-canary',
  scopes: null,
  redirectUris: [],
  enabled: true,
  ...more,
});
