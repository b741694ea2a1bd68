import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { controlRoutes } from './control-routes.ts';
import { createControl, type Control } from './control.ts';
import { createFaults } from './faults.ts';
import { BODY_LIMIT_BYTES, json, readBody, type Call, type Reply } from './http.ts';
import { createJournal } from './journal.ts';
import { createMemory } from './memory.ts';
import { send } from './wire.ts';
import { createWorld } from './world.ts';

export interface EmulatorOptions {
  /** Same seed, same contacts. */
  seed?: number;
  /** The emulator's clock: token lives, modified dates and the Date header follow it. */
  now?: () => number;
  /** Where grants outlive the process; without it they do not. */
  folder?: string;
}

export interface Emulator extends AsyncDisposable {
  /** Where it listens; throws when it does not. */
  readonly url: string;
  readonly control: Control;
  /** Binds 127.0.0.1 (port 0: any free one). After `close` it may listen again, with everything it knew. */
  listen: (port?: number) => Promise<string>;
  /** Cuts open connections too, hanging ones included. */
  close: () => Promise<void>;
}

export function createEmulator({ seed = 1, now = Date.now, folder }: EmulatorOptions = {}): Emulator {
  const faults = createFaults();
  const journal = createJournal();
  const memory = createMemory(folder);
  let world = createWorld({ seed, now, memory });
  let server: Server | undefined;

  const baseUrl = () => {
    const address = server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the emulator is not listening');
    return `http://127.0.0.1:${address.port}`;
  };
  const control = createControl({
    faults,
    journal,
    world: () => world,
    baseUrl,
    reset() {
      memory.forget();
      world = createWorld({ seed, now, memory });
    },
  });
  const command = controlRoutes(control);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? '/', 'http://emulator');
    const url = target.pathname + target.search;
    const method = request.method ?? 'GET';
    response.setHeader('date', new Date(world.timeAt(target.pathname)).toUTCString());

    const body = await readBody(request);
    if (!body) {
      response.setHeader('connection', 'close');
      return send(response, json(413, { message: `the body is over ${BODY_LIMIT_BYTES} bytes` }));
    }
    const origin = `http://${request.headers.host ?? '127.0.0.1'}`;
    const call: Call = {
      method,
      path: target.pathname,
      query: target.searchParams,
      headers: request.headers,
      body,
      base: origin,
    };
    if (target.pathname.startsWith('/control/')) return send(response, await command(call));

    const entry = journal.open({ method, url, headers: request.headers, at: now() });
    const fault = faults.take({ method, url });
    const proceed = async (): Promise<Reply> => world.handle(call);
    if (fault) entry.fault = fault.kind;
    const reply = fault ? await faults.apply(fault, proceed) : await proceed();
    // Settled before it is sent: whoever waits for this entry acts while the caller cannot have seen the answer yet.
    journal.settle(entry, reply.ending === 'hang' || reply.ending === 'reset' ? null : reply.status);
    return send(response, reply, method === 'HEAD');
  }

  const emulator: Emulator = {
    control,
    get url() {
      return baseUrl();
    },
    async listen(port = 0) {
      const opened = createServer((request, response) => {
        answer(request, response).catch((error: unknown) => {
          // A caller that went away in the middle of its request is no fault of ours; anything else is a 500 of ours.
          if (request.destroyed && !request.complete) return;
          if (response.headersSent) response.destroy();
          else void send(response, json(500, { message: `emulator: ${String(error)}` }));
        });
      });
      // Longer than any client keeps an idle connection, so that none reuses one in the moment we close it.
      opened.keepAliveTimeout = 120_000;
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject);
        opened.listen(port, '127.0.0.1', resolve);
      });
      server = opened;
      return baseUrl();
    },
    async close() {
      const closing = server;
      server = undefined;
      faults.release();
      if (!closing) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
    [Symbol.asyncDispose]: () => emulator.close(),
  };
  return emulator;
}
