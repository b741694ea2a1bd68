import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request has this long to arrive whole; a slow one holds a socket no longer. */
const PATIENCE = { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 5000 };
/** How long requests in flight may take to finish once the process is told to stop. */
const DRAIN_MS = 10_000;

export interface Listening {
  url: string;
  /** No new connection; requests in flight are finished, streams and idle connections are closed. */
  close: () => Promise<void>;
}

const listen = (server: Server, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });

/** Serves the application, with an end to everything that a client could draw out. */
export const openServer = async (
  handler: RequestListener,
  host: string,
  port: number,
  patience = PATIENCE,
): Promise<Listening> => {
  const server = createServer(patience, handler);
  const address = await listen(server, host, port);
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
};
