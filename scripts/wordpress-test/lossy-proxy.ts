import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy extends AsyncDisposable {
  url: string;
  host: string;
  /** Method and path of every request that was passed on, in order. */
  passed: string[];
  /** The site carries out the next request of this method, and its answer never arrives. Gives the status that was lost. */
  loseNextAnswer: (method: string) => Promise<number>;
}

/** Stands between the product and a site, and passes everything on but the answer that it is told to lose. */
export const openLossyProxy = async (target: string): Promise<LossyProxy> => {
  const passed: string[] = [];
  let losing: { method: string; lost: (status: number) => void } | undefined;

  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = 'GET' } = incoming;
    const to = new URL(incoming.url ?? '/', target);
    passed.push(`${method} ${to.pathname}`);
    const headers = { ...incoming.headers, host: to.host };
    const upstream = request(to, { method, headers, agent: false }, (answer) => {
      const { statusCode = 502 } = answer;
      if (losing?.method === method) {
        const { lost } = losing;
        losing = undefined;
        // The whole answer is awaited, so that the site has surely done what was asked.
        answer.resume().once('end', () => {
          incoming.socket.destroy();
          lost(statusCode);
        });
        return;
      }
      outgoing.writeHead(statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  };

  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    passed,
    loseNextAnswer: (method) => new Promise((lost) => (losing = { method, lost })),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
