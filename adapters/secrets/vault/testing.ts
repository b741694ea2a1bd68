import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  method: string;
  /** Without `/v1/`. */
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** What becomes of a call: as always · done, and the answer lost · no answer ever · cut before it arrives · this answer. */
export type Fate =
  'pass' | 'lose' | 'hang' | 'cut' | { status: number; body?: unknown; headers?: Record<string, string> };

export interface Path extends AsyncDisposable {
  address: string;
  /** All that came by. */
  calls: Call[];
  /** How many came by whose path holds this. */
  count: (part: string) => number;
  /** From now on. Back to 'pass' with no argument. */
  meet: (fate?: (call: Call, nth: number) => Fate) => void;
}

/** A way to a Vault on which things happen: loopback, to `target`, or to nowhere without one. */
export const openPath = async (target: string | null): Promise<Path> => {
  const calls: Call[] = [];
  let fateOf: (call: Call, nth: number) => Fate = () => 'pass';
  let nth = 0;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
    const { method = '', url = '', headers } = request;
    const call = { method, path: url.replace('/v1/', ''), headers, body };
    calls.push(call);
    const fate = fateOf(call, (nth += 1));
    if (fate === 'hang') return;
    if (fate === 'cut') return void request.socket.destroy();
    if (typeof fate === 'object') {
      response.writeHead(fate.status, { 'content-type': 'application/json', ...fate.headers });
      response.end(typeof fate.body === 'string' ? fate.body : JSON.stringify(fate.body ?? {}));
      return;
    }
    const passed = ['x-vault-token', 'x-vault-namespace', 'x-vault-request', 'content-type'];
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: passed.flatMap((name): [string, string][] => (headers[name] ? [[name, String(headers[name])]] : [])),
      ...(body !== '' && { body }),
    });
    const text = await answer.text();
    if (fate === 'lose') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(text);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    count: (part) => calls.filter(({ path }) => path.includes(part)).length,
    meet: (fate = () => 'pass') => {
      [fateOf, nth] = [fate, 0];
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
