import type { Client, jsonSchemaValidator } from '@modelcontextprotocol/client';
import { Fault } from '../../ports/errors.ts';
import type { HttpClient } from '../http/client.ts';
import { capped } from './capped.ts';

const INFO = { name: 'bizosaas', version: '0.1.0' };

interface Terms {
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

interface Options {
  signal: AbortSignal;
  timeout: number;
  maxTotalTimeout: number;
}

type Work<Result> = (client: Client, options: Options) => Promise<Result>;

interface Session extends AsyncDisposable {
  /** What only reads. */
  ask: <Result>(work: Work<Result>) => Promise<Result>;
  /** What may do something: once it is on its way, no answer means `outcome_unknown`. */
  act: <Result>(work: Work<Result>) => Promise<Result>;
}

/** What the transport saw: its own errors do not all tell. */
interface Seen {
  fault: Fault | null;
  status: number | null;
}

/** A server's word is never compiled into a check: a pattern of its own could keep this process busy for ever. */
const UNCHECKED: jsonSchemaValidator = {
  getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
};

/** Opens a session: `host_refused`, `credential_rejected`, `provider_down` or `provider_garbage` when that fails. */
export async function open(
  http: Pick<HttpClient, 'fetch'>,
  server: { url: string; token: string | null },
  { timeoutMs, signal }: Terms,
): Promise<Session> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const ends = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const options: Options = { signal: ends, timeout: timeoutMs, maxTotalTimeout: timeoutMs };
  const seen: Seen = { fault: null, status: null };
  // Read at the first call: most processes never speak with such a server.
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const { host } = new URL(server.url);
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    fetch: (url, init) => watched(http, seen, host, url, { ...init, signal: init?.signal ?? ends }),
    requestInit: server.token === null ? {} : { headers: { authorization: `Bearer ${server.token}` } },
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1,
      maxReconnectionDelay: 1,
      reconnectionDelayGrowFactor: 1,
    },
    onInsufficientScope: 'throw',
  });
  const client = new Client(INFO, { capabilities: {}, jsonSchemaValidator: UNCHECKED });
  const attempt = async <Result>(begun: boolean, work: () => Promise<Result>): Promise<Result> => {
    Object.assign(seen, { fault: null, status: null });
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw told(error, seen, host, begun);
    }
  };

  await attempt(false, () => client.connect(transport as Parameters<Client['connect']>[0], options)).catch(
    async (error: unknown) => {
      await client.close().catch(() => undefined);
      throw error;
    },
  );
  return {
    ask: (work) => attempt(false, () => work(client, options)),
    act: (work) => attempt(true, () => work(client, options)),
    [Symbol.asyncDispose]: async () => {
      // Whether the server hears that the session is over is its own business.
      await client.close().catch(() => undefined);
    },
  };
}

async function watched(
  http: Pick<HttpClient, 'fetch'>,
  seen: Seen,
  host: string,
  url: string | URL,
  init: RequestInit,
): Promise<Response> {
  try {
    const answer = await http.fetch(url, init);
    // The stream that a server may offer besides is asked for by GET, and refused by most.
    if (!answer.ok && init.method === 'POST') seen.status = answer.status;
    return capped(answer, host, (fault) => (seen.fault = fault));
  } catch (error) {
    if (error instanceof Fault) seen.fault = error;
    throw error;
  }
}

/** By what the wire said. JSON-RPC errors are the server's own answers to what was asked. */
function told(error: unknown, { fault, status }: Seen, host: string, begun: boolean): Fault {
  if (fault) return begun && fault.code === 'provider_garbage' ? unknown(host) : fault;
  if (status === 401 || status === 403)
    return new Fault(
      'credential_rejected',
      `${host} refuses the token that it was given; add the server again with a new one`,
    );
  if (status !== null && status < 500 && status !== 408)
    return new Fault('provider_rejected', `${host} refuses this (status ${status})`);
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  // Numbers are the protocol's codes: the server understood, and says no.
  if (typeof code === 'number' && status === null)
    return new Fault('provider_rejected', `${host} says: ${short(error)}`);
  return begun ? unknown(host) : new Fault('provider_down', `${host} gives no answer that can be used now`);
}

const unknown = (host: string) =>
  new Fault(
    'outcome_unknown',
    `${host} gave no answer, so that nobody knows whether it did what was asked; look there`,
  );

const short = (error: unknown) => String(error instanceof Error ? error.message : error).slice(0, 300);
