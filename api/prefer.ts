import type { Context } from 'koa';
import { RESULT_MS } from './temporal.ts';

const WAIT = /^wait(?:\s*=\s*"?(\d{1,4})"?)?$/i;

/** How long the caller would rather wait for the end than hear of the beginning, in milliseconds (RFC 7240); null: not at all. */
export const waitAsked = (ctx: Pick<Context, 'get'>): number | null => {
  for (const preference of ctx.get('Prefer').split(',')) {
    const found = WAIT.exec(preference.split(';')[0]?.trim() ?? '');
    if (found !== null) return Math.min(RESULT_MS, found[1] === undefined ? RESULT_MS : Number(found[1]) * 1000);
  }
  return null;
};
