import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { sha256 } from '../tokens.ts';

const PATH = '/api/v1/oauth';

/** One cookie for each authorization, so that two tabs do not take each other's. */
const cookieName = (stateHash: string) => `biz_oauth_${stateHash.slice(0, 16)}`;

/** Ties the redirect to the browser that began. The way back travels inside, under the same hash: nobody can change it. */
export const bindBrowser = (
  ctx: Context,
  {
    stateHash,
    returnTo,
    publicUrl,
    seconds,
  }: { stateHash: string; returnTo: string; publicUrl: string; seconds: number },
): string => {
  const value = `${randomBytes(32).toString('base64url')}.${Buffer.from(returnTo).toString('base64url')}`;
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  ctx.append(
    'Set-Cookie',
    `${cookieName(stateHash)}=${value}; Path=${PATH}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
  );
  return sha256(value);
};

/** The way back, when this browser is the one that began; null when it is another. */
export const returnOfBrowser = (ctx: Context, stateHash: string, browserHash: string): string | null => {
  const value = ctx.cookies.get(cookieName(stateHash));
  if (value === undefined) return null;
  const [given, wanted] = [Buffer.from(sha256(value)), Buffer.from(browserHash)];
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  return Buffer.from(value.split('.')[1] ?? '', 'base64url').toString();
};
