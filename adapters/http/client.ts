import { lookup as resolveName } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Agent, fetch as undiciFetch, request as undiciRequest } from 'undici';
import type { Dispatcher, RequestInit as UndiciInit } from 'undici';
import { Fault } from '../../ports/errors.ts';
import { isPublicAddress } from './addresses.ts';
import { ACCEPT_ENCODING, readBody } from './body.ts';
import { createTargets, refusedAddress } from './targets.ts';
import { unanswered, Unanswered } from './unanswered.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** For all of it: look-up, connection, redirects and the body. */
  timeoutMs?: number;
  bodyBytesMax?: number;
  signal?: AbortSignal;
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
  /** `fetch` behind the same guard, for a library that reads its answer as it comes: sizes and deadlines are its own. Follows no redirect. */
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

const TIMEOUT_MS = 20_000;
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
    let sent = false;
    try {
      const answer = await undiciRequest(url, {
        method: ask.method,
        headers: {
          'user-agent': userAgent,
          'accept-encoding': ACCEPT_ENCODING,
          ...headers,
          ...(standsFor !== null && { 'x-forwarded-host': standsFor }),
        },
        body: ask.body ?? null,
        signal,
        dispatcher: (listed ? open : guarded).compose(marking(() => (sent = true))),
      });
      const flat = flatten(answer.headers);
      const body = await readBody(answer.body, {
        encoding: ask.method === 'HEAD' ? undefined : flat.get('content-encoding'),
        bytesMax: ask.bodyBytesMax ?? BODY_BYTES_MAX,
        host: url.host,
      });
      return { url, answer: { status: answer.statusCode, headers: flat, body } };
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
      const deadline = AbortSignal.timeout(ask.timeoutMs ?? TIMEOUT_MS);
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
      }
    },
    async fetch(given, init) {
      const { url, listed } = targets.admit(given instanceof Request ? given.url : String(given));
      const guardedInit = { ...init, redirect: 'error', dispatcher: listed ? open : guarded };
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

/** Tells when a request begins to be written to its socket: from then on the other side may act on it. */
const marking =
  (mark: () => void): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) =>
    dispatch(options, {
      onRequestStart(...given) {
        mark();
        handler.onRequestStart?.(...given);
      },
      onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
      onResponseStart: (...given) => handler.onResponseStart?.(...given),
      onResponseData: (...given) => handler.onResponseData?.(...given),
      onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
      onResponseError: (...given) => handler.onResponseError?.(...given),
    });

const seconds = (timeoutMs = TIMEOUT_MS) => Math.round(timeoutMs / 100) / 10;

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
