import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reply } from './http.ts';

/** Puts a reply on the wire, or breaks the connection in the way the reply asks for. */
export async function send(response: ServerResponse, reply: Reply, headOnly = false): Promise<void> {
  const { socket } = response;
  if (reply.ending === 'hang') return;
  if (reply.ending === 'reset' || !socket) {
    socket?.resetAndDestroy();
    return;
  }
  const pieces = (reply.chunks ?? [reply.body ?? ''])
    .map((piece) => Buffer.from(piece))
    .filter(({ length }) => length > 0);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(reply.status, { ...reply.headers, ...(reply.chunks ? {} : { 'content-length': String(length) }) });
  if (headOnly || reply.status === 204) return void response.end();

  for (const [index, piece] of (reply.ending === 'cut' ? firstHalf(pieces) : pieces).entries()) {
    if (reply.paceMs && index > 0) await pause(reply.paceMs, undefined, { ref: false });
    await written(response, piece);
  }
  // Said before the end goes out: whoever has read the end may ask at once.
  if (!response.destroyed) reply.sent?.();
  if (reply.ending === 'cut') socket.destroy();
  else response.end();
}

/** Waiting for each piece keeps chunk boundaries real, and lets bytes reach the reader before a cut does. */
const written = (response: ServerResponse, piece: Buffer): Promise<void> =>
  new Promise((resolve) => response.write(piece, () => resolve()));

function firstHalf(pieces: Buffer[]): Buffer[] {
  const [only] = pieces;
  if (pieces.length === 1 && only) return [only.subarray(0, Math.floor(only.length / 2))];
  return pieces.slice(0, Math.ceil(pieces.length / 2));
}
