import { setTimeout as pause } from 'node:timers/promises';
import { json, type Handler, type Reply } from './http.ts';

/** One web host of somebody's: pages that a test puts there, and what was sent to it. */
export interface WebControl {
  /** What this path answers from now on, whatever the method; a string goes out as HTML, anything else as JSON. */
  page: (path: string, body: unknown, more?: PageOptions) => void;
  /** Requests that came, oldest first, with their body as text. */
  received: () => WebRequest[];
  /** Those that may have done something: neither GET nor HEAD. */
  effects: () => WebRequest[];
}

interface PageOptions {
  status?: number;
  headers?: Record<string, string>;
  /** Between what the request did and its answer. */
  delayMs?: number;
}

interface WebRequest {
  method: string;
  path: string;
  headers: Record<string, unknown>;
  body: string;
}

const KEPT = 1000;

export function createWebHost(): { handle: Handler; control: WebControl } {
  const pages = new Map<string, { reply: Reply; delayMs: number }>();
  let received: WebRequest[] = [];
  const copies = (requests: WebRequest[]) => structuredClone(requests);
  return {
    async handle({ method, path, query, headers, body }) {
      const search = query.size > 0 ? `?${query.toString()}` : '';
      const request = { method, path: path + search, headers: { ...headers }, body: body.toString('utf8') };
      received = [...received, request].slice(-KEPT);
      const page = pages.get(path + search) ?? pages.get(path);
      if (page && page.delayMs > 0) await pause(page.delayMs, undefined, { ref: false });
      if (page) return page.reply;
      return method === 'GET' || method === 'HEAD' ? json(404, { error: 'no such page' }) : json(200, { ok: true });
    },
    control: {
      page(path, body, { status = 200, headers = {}, delayMs = 0 } = {}) {
        const isText = typeof body === 'string';
        const type = isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
        const told = { 'content-type': type, ...headers };
        const reply = { status, headers: told, body: isText ? body : JSON.stringify(body) };
        pages.set(path, { reply, delayMs });
      },
      received: () => copies(received),
      effects: () => copies(received.filter(({ method }) => method !== 'GET' && method !== 'HEAD')),
    },
  };
}
