import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** One request as a vendor sees it: the body read whole, the path relative to where the vendor is mounted. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Public URL of the mount, for links and redirects that lead back here. */
  base: string;
}

/** How a reply goes wrong on the wire; absent when it goes well. */
type Ending = 'hang' | 'reset' | 'cut';

export interface Reply {
  status: number;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** Sent one by one instead of `body`, each in its own write, as a stream does. */
  chunks?: string[];
  /** Between two chunks. */
  paceMs?: number;
  ending?: Ending;
  /** Called when all of it is given out; never when the caller went before that. */
  sent?: () => void;
}

export type Handler = (call: Call, ...params: string[]) => Reply | Promise<Reply>;

export interface Route {
  method: string;
  pattern: RegExp;
  handle: Handler;
}

export const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** `:name` stands for one segment; the segments found are handed to the handler in order, decoded. */
export function route(method: string, path: string, handle: Handler): Route {
  const source = path.replace(/[.]/g, '[.]').replace(/:[a-zA-Z]+/g, '([^/]+)');
  return { method, pattern: new RegExp(`^${source}/?$`), handle };
}

export function router(routes: Route[], otherwise: Handler): Handler {
  return (call) => {
    const method = call.method === 'HEAD' ? 'GET' : call.method;
    for (const { method: wanted, pattern, handle } of routes) {
      const found = wanted === method ? pattern.exec(call.path) : null;
      if (found) return handle(call, ...found.slice(1).map(decoded));
    }
    return otherwise(call);
  };
}

/** Undefined when the body is over the limit: the rest is then left unread and the connection is closed. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  // The socket has to outlive an early return: the refusal goes out over it.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Undefined when the body is not JSON. */
export function jsonBody(call: Call): unknown {
  try {
    return JSON.parse(call.body.toString('utf8'));
  } catch {
    return undefined;
  }
}

export const formBody = (call: Call): URLSearchParams => new URLSearchParams(call.body.toString('utf8'));

export const isForm = (call: Call): boolean =>
  (call.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');

export const json = (status: number, value: unknown, headers: Record<string, string | string[]> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
});

export const html = (status: number, body: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'no-referrer', ...headers },
  body,
});

export const redirect = (location: string): Reply => ({
  status: 302,
  headers: { location, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' },
});

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * The host that the caller meant before its vendors were replaced by us: from the header that its client sets, or, in
 * a browser, which sets none, from the URL. Undefined when the emulator was asked by its own name.
 */
export function askedHost({ headers, query }: Call): string | undefined {
  const [named] = [headers['x-forwarded-host']].flat();
  return (named ?? query.get('forwarded_host') ?? undefined)?.toLowerCase().replace(/:\d+$/, '');
}

/** The token of an Authorization header of one of these schemes. */
export function tokenIn({ headers }: Call, ...schemes: string[]): string | undefined {
  const [scheme = '', token] = (headers.authorization ?? '').split(' ', 2);
  return schemes.some((known) => known.toLowerCase() === scheme.toLowerCase()) ? token : undefined;
}

/** A value as an object whose fields may be looked at; arrays, null and scalars become an empty one. */
export const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
