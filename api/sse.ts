import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import { Fault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';

const KEEP_ALIVE_MS = 15_000;
/** A viewer who reads this much too slowly is let go, and comes back with `Last-Event-ID`. */
const BUFFER_BYTES_MAX = 1024 * 1024;
const RECONNECT_MS = 2000;

/** Server-sent events to one viewer. */
export interface Sse {
  send: (event: string, data: unknown, id?: number) => void;
  end: () => void;
  /** Once, when the viewer is gone or was let go. */
  onLeft: (leave: () => void) => void;
}

/** The last event that this viewer saw; 0: none. */
export const lastSeen = (ctx: Pick<Context, 'get'>): number => {
  const given = ctx.get('Last-Event-ID');
  if (given === '') return 0;
  if (!/^\d{1,15}$/.test(given)) {
    throw new Fault('invalid_request', 'Last-Event-ID is not the id of an event.', {
      fields: [{ path: 'Last-Event-ID', message: 'is not a number' }],
    });
  }
  return Number(given);
};

/** Answers with a stream, until it is ended, the viewer leaves, or the viewer's role is taken back. */
export const openSse = ({ ports }: Pick<ApiDeps, 'ports'>, ctx: Context, principal: Principal): Sse => {
  const stream = new PassThrough();
  const write = (text: string) => {
    if (stream.writableLength > BUFFER_BYTES_MAX) stream.destroy();
    else if (!stream.writableEnded) stream.write(text);
  };
  ctx.type = 'text/event-stream';
  ctx.set({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  ctx.body = stream;
  write(`retry: ${RECONNECT_MS}\n\n`);
  const stillAllowed = async () => {
    if (await ports.identity.stands(principal).catch(() => true)) write(': still here\n\n');
    else stream.end();
  };
  const keepAlive = setInterval(() => void stillAllowed(), KEEP_ALIVE_MS);
  stream.on('close', () => clearInterval(keepAlive));
  return {
    send: (event, data, id) =>
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => void stream.end(),
    onLeft: (leave) => void stream.on('close', leave),
  };
};
