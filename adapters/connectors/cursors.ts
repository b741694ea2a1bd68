import type { z } from 'zod';
import { Fault } from '../../ports/errors.ts';

/** A cursor holds a position, never a URL: whoever hands one in cannot send us, or a token, elsewhere. */
export const encodeCursor = (position: Record<string, string | number | null | undefined>): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

export function decodeCursor<Shape extends z.ZodType>(shape: Shape, cursor: string): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new Fault('invalid_request', 'this cursor did not come from this list', {
      fields: [{ path: 'cursor', message: 'take it from the list’s own answer, or leave it out' }],
    });
  }
}
