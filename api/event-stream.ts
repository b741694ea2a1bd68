import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import { Fault } from '../ports/errors.ts';
import type { OperationId, Scope } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';

const KEEP_ALIVE_MS = 15_000;
/** A viewer who reads this much too slowly is let go, and comes back with `Last-Event-ID`. */
const BUFFER_BYTES_MAX = 1024 * 1024;
const RECONNECT_MS = 2000;

const lastSeen = (ctx: Context): number => {
  const given = ctx.get('Last-Event-ID');
  if (given === '') return 0;
  if (!/^\d{1,15}$/.test(given)) {
    throw new Fault('invalid_request', 'Last-Event-ID is not the id of an event.', {
      fields: [{ path: 'Last-Event-ID', message: 'is not a number' }],
    });
  }
  return Number(given);
};

/** Answers with a stream of the operation's events, until it has ended, the viewer leaves, or the viewer's role is taken back. */
export const streamEvents = (
  { feed, ports }: Pick<ApiDeps, 'feed' | 'ports'>,
  ctx: Context,
  { scope, operationId, principal }: { scope: Scope; operationId: OperationId; principal: Principal },
): void => {
  const stream = new PassThrough();
  const seq = lastSeen(ctx);
  const write = (text: string) => {
    if (stream.writableLength > BUFFER_BYTES_MAX) stream.destroy();
    else if (!stream.writableEnded) stream.write(text);
  };
  ctx.type = 'text/event-stream';
  ctx.set({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  ctx.body = stream;
  write(`retry: ${RECONNECT_MS}\n\n`);
  const leave = feed.watch({
    scope,
    operationId,
    seq,
    onEvent: (event) => write(`id: ${event.seq}\nevent: step\ndata: ${JSON.stringify(event)}\n\n`),
    onSettled: (operation) => {
      const { outcome = 'failed', error = null } = operation ?? {};
      write(`event: settled\ndata: ${JSON.stringify({ operationId, outcome, error })}\n\n`);
      stream.end();
    },
    onClosed: () => stream.end(),
  });
  const stillAllowed = async () => {
    if (await ports.identity.stands(principal).catch(() => true)) write(': still here\n\n');
    else stream.end();
  };
  const keepAlive = setInterval(() => void stillAllowed(), KEEP_ALIVE_MS);
  stream.on('close', () => {
    clearInterval(keepAlive);
    leave();
  });
};
