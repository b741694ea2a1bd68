import { lookup as resolveName } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { Agent, fetch as undiciFetch } from 'undici';
import type { RequestInit as UndiciInit } from 'undici';
import { Fault } from '../../ports/errors.ts';
import { isPublicAddress } from './addresses.ts';
import { ACCEPT_ENCODING, admitEncoding, inflated } from './body.ts';
import { exchange } from './exchange.ts';
import { createTargets, refusedAddress } from './targets.ts';
import { unanswered, Unanswered } from './unanswered.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string | BodyStream;
  /** For all of it: look-up, connection, redirects and the body. */
  timeoutMs?: number;
  bodyBytesMax?: number;
  signal?: AbortSignal;
  /** Looks at each address that a redirect leads to, before it is asked; what it throws is thrown. */
  redirected?: (url: string) => void;
}

/** A body of any size, sent as it comes and never held whole. */
export interface BodyStream {
  bytes: number;
  parts: AsyncIterable<Uint8Array>;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  /** Where the answer came from: the asked URL, or the last hop's when redirects were followed. */
  url: string;
  body: Buffer;
}

export interface HttpClient {
  /**
   * Any status is an answer. Faults: `host_refused`; `provider_down` (as `Unanswered`) when no whole answer came in time;
   * `provider_garbage` for too big a body or too many redirects. An aborted signal throws its own reason.
   */
  send: (request: HttpRequest) => Promise<HttpAnswer>;
  /** `fetch` behind the same guard, for a library that reads its answer as it comes: sizes and deadlines are its own. Follows no redirect; where `manual` is asked for, it is an answer. */
  fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** The URL that a browser is really sent to: development may send a vendor's traffic to the emulator. */
  rewrite: (url: string) => string;
  close: () => Promise<void>;
}

export interface HttpOptions {
  allow: string[];
  origins: { from: string; to: string }[];
  userAgent: string;
  ports?: number[];
  resolve?: (hostname: string) => Promise<{ address: string; family: number }[]>;
}

/** How long a call may take where nothing else is said. */
export const CALL_MS = 20_000;
const BODY_BYTES_MAX = 10 * 1024 * 1024;
const HOPS_MAX = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The only way out to hosts that tenants or vendors name. */
export function createHttp(options: HttpOptions): HttpClient {
  const { allow, origins, userAgent, ports = [443], resolve = resolveAll } = options;
  const targets = createTargets({ allow, origins, ports });
  const common = { allowH2: false, connections: 64 } as const;
  // Two pools, so that no socket which the allow-list opened is ever reused for a guarded request.
  const guarded = new Agent({ ...common, connect: { lookup: guardedLookup(resolve) } });
  const open = new Agent(common);

  const hop = async (given: string, ask: HttpRequest, headers: Record<string, string>, signal: AbortSignal) => {
    const { url, listed, standsFor } = targets.admit(given);
    const bytesMax = ask.bodyBytesMax ?? BODY_BYTES_MAX;
    const { host } = url;
    const isBodiless = ask.method === 'HEAD';
    let sent = false;
    try {
      const request = {
        origin: url.origin,
        path: url.pathname + url.search,
        method: ask.method,
        headers: {
          'user-agent': userAgent,
          'accept-encoding': ACCEPT_ENCODING,
          ...headers,
          ...(standsFor !== null && { 'x-forwarded-host': standsFor }),
          ...(typeof ask.body === 'object' && { 'content-length': String(ask.body.bytes) }),
        },
        body: typeof ask.body === 'object' ? Readable.from(ask.body.parts) : (ask.body ?? null),
      };
      const raw = await exchange(listed ? open : guarded, request, {
        ...{ bytesMax, host, signal },
        admit: ({ headers: told }) => isBodiless || admitEncoding(told['content-encoding'], host),
        sent: () => (sent = true),
      });
      const body = isBodiless
        ? raw.body
        : await inflated(raw.body, raw.headers['content-encoding'], { bytesMax, host });
      return { url, answer: { status: raw.status, headers: flatten(raw.headers), body } };
    } catch (error) {
      if (ask.signal?.aborted) throw ask.signal.reason;
      if (error instanceof Fault) throw error;
      if (signal.aborted) throw new Unanswered(`${url.host} did not answer within ${seconds(ask.timeoutMs)} s`, sent);
      throw unanswered(error, url.host, sent);
    }
  };

  return {
    rewrite: (url) => targets.rewrite(url),
    async send(ask) {
      const deadline = AbortSignal.timeout(ask.timeoutMs ?? CALL_MS);
      const signal = ask.signal ? AbortSignal.any([ask.signal, deadline]) : deadline;
      const follows = ask.method === 'GET' || ask.method === 'HEAD';
      let headers = checked(ask.headers ?? {});
      let target = ask.url;
      for (let hops = 0; ; hops += 1) {
        const { url, answer } = await hop(target, ask, headers, signal);
        const location = answer.headers.get('location');
        if (!follows || !REDIRECTS.has(answer.status) || location === undefined) {
          return { ...answer, url: hops === 0 ? ask.url : url.href };
        }
        if (hops === HOPS_MAX) throw new Fault('provider_garbage', `${url.host} redirects more than ${HOPS_MAX} times`);
        const next = URL.parse(location, url.href);
        if (!next) throw new Fault('provider_garbage', `${url.host} redirects to what is not an address`);
        // All that the caller gave stays behind, whatever header holds the credential.
        if (next.origin !== url.origin) headers = {};
        target = next.href;
        ask.redirected?.(target);
      }
    },
    async fetch(given, init) {
      const { url, listed, standsFor } = targets.admit(given instanceof Request ? given.url : String(given));
      const headers = {
        ...Object.fromEntries(new Headers(init?.headers)),
        ...(standsFor !== null && { 'x-forwarded-host': standsFor }),
      };
      const redirect = init?.redirect === 'manual' ? 'manual' : 'error';
      const guardedInit = { ...init, headers, redirect, dispatcher: listed ? open : guarded };
      // The platform's types and undici's name the same things; only one of them knows dispatchers.
      return await undiciFetch(url, guardedInit as UndiciInit);
    },
    close: async () => void (await Promise.all([guarded.close(), open.close()])),
  };
}

const resolveAll = (hostname: string) => resolveName(hostname, { all: true });

/** Checks what the name resolves to inside the connection attempt itself: between a check and a connect, DNS may change its mind. */
const guardedLookup =
  (resolve: NonNullable<HttpOptions['resolve']>): LookupFunction =>
  (hostname, { all }, done) => {
    resolve(hostname).then(
      (answers) => {
        const [first] = answers;
        if (!first || answers.some(({ address }) => !isPublicAddress(address))) done(refusedAddress(hostname), '', 0);
        else if (all) done(null, answers);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(error as NodeJS.ErrnoException, '', 0),
    );
  };

const seconds = (timeoutMs = CALL_MS) => Math.round(timeoutMs / 100) / 10;

function checked(headers: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n\0]/.test(name + value))
      throw new Fault('invalid_request', 'a header contains a line break or a NUL byte');
  }
  return headers;
}

function flatten(headers: Record<string, string | string[] | undefined>): ReadonlyMap<string, string> {
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return new Map(pairs);
}
