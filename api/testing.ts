import { randomBytes } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import type { Catalogue } from '../ports/agents.ts';
import { Fault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import { createApp } from './app.ts';
import type { ApiDeps, ApiSettings, Log } from './deps.ts';
import { createEventFeed } from './event-feed.ts';
import type { Route } from './route.ts';
import { allRoutes } from './routes/index.ts';
import { openServer } from './server.ts';
import { createTokenFeed } from './token-feed.ts';
import { createTokens } from './tokens.ts';

export interface Asked {
  as?: Principal | string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Told {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined when it is none. */
  json: Record<string, unknown>;
}

export interface TestApi extends AsyncDisposable {
  url: string;
  deps: ApiDeps;
  routes: Route[];
  token: (principal: Principal) => Promise<string>;
  ask: (method: string, path: string, asked?: Asked) => Promise<Told>;
  get: (path: string, asked?: Asked) => Promise<Told>;
  post: (path: string, asked?: Asked) => Promise<Told>;
}

/** Keys by id; the last one signs. */
export const ringOf = (keys: Record<string, Buffer>): KeyRing => ({
  current: async () => {
    const [kid = '', key = Buffer.alloc(0)] = Object.entries(keys).at(-1) ?? [];
    return { kid, key };
  },
  find: async (kid) => (Object.hasOwn(keys, kid) ? (keys[kid] ?? null) : null),
});

const unsealed: PayloadCodec = { encode: async (payloads) => payloads, decode: async (payloads) => payloads };
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Nobody and nothing: tests that need agents bring their own. */
const noAgents: Catalogue = {
  agent: (id) => {
    throw new Fault('not_found', `There is no agent named ${id}.`);
  },
  crew: (id) => {
    throw new Fault('not_found', `There is no crew named ${id}.`);
  },
  agents: () => [],
  crews: () => [],
};

interface Given {
  ports: ApiDeps['ports'];
  temporal: ApiDeps['temporal'];
  catalogue?: Catalogue;
  settings?: Partial<ApiSettings>;
  log?: Log;
  codec?: PayloadCodec;
  /** Any free one unless said. */
  port?: number;
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** The whole API over http on a free port of loopback, for tests. */
export const openApi = async ({
  ports,
  temporal,
  catalogue = noAgents,
  settings = {},
  log = silent,
  port = 0,
  codec = unsealed,
}: Given): Promise<TestApi> => {
  const key = randomBytes(32);
  const tokens = createTokens(ringOf({ test: key }), async () => key);
  const feed = createEventFeed(ports.operations, log);
  const tokenFeed = createTokenFeed(ports.tokenStream, log);
  const deps: ApiDeps = {
    ports,
    temporal,
    catalogue,
    codec,
    tokens,
    feed,
    tokenFeed,
    settings: {
      environment: 'test',
      publicUrl: 'http://127.0.0.1:3000',
      portalOrigins: [],
      temporalUiOrigin: null,
      ...settings,
    },
    log,
    accepting: () => true,
  };
  const routes = allRoutes(deps);
  const handle = createApp(routes, deps).callback();
  const server = await openServer((req, res) => void handle(req, res), '127.0.0.1', port);
  const token = async (principal: Principal) => (await tokens.issue(principal)).token;

  const ask: TestApi['ask'] = async (method, path, { as, body, headers = {}, signal } = {}) => {
    const bearer = typeof as === 'object' ? await token(as) : as;
    const response = await fetch(`${server.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  };
  return {
    url: server.url,
    deps,
    routes,
    token,
    ask,
    get: (path, asked) => ask('GET', path, asked),
    post: (path, asked) => ask('POST', path, asked),
    [Symbol.asyncDispose]: async () => {
      feed.close();
      tokenFeed.close();
      await server.close();
    },
  };
};
