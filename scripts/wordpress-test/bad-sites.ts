import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../lib/ports.ts';

/** Addresses that people type in and that no WordPress can be connected at. */
export interface BadSites extends AsyncDisposable {
  down: string;
  html: string;
  leadsInside: string;
  hosts: string[];
  /** Every Authorization header that was sent to one of them. */
  credentialsSeen: string[];
}

export const openBadSites = async (): Promise<BadSites> => {
  const credentialsSeen: string[] = [];
  const server = createServer(({ url, headers }, answer) => {
    if (headers.authorization !== undefined) credentialsSeen.push(headers.authorization);
    if (url?.startsWith('/moved')) answer.writeHead(302, { location: 'https://10.0.0.1/wp-json/' }).end();
    else answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Our new site is coming</h1>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const nobody = `127.0.0.1:${await freePort()}`;
  return {
    down: `http://${nobody}`,
    html: `http://${host}`,
    leadsInside: `http://${host}/moved`,
    hosts: [host, nobody],
    credentialsSeen,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
