import { Fault } from '../../ports/errors.ts';

/** Where a browser may be sent when an authorization is done: pages of ours, and nothing else. */
export const RETURN_PATHS = ['/docs', '/portal', '/connect'];

/** A path of this site that is on the list, as the browser will understand it. Anything else is refused, never corrected. */
export const returnPath = (given: string, publicUrl: string): string => {
  const refused = new Fault('invalid_request', 'The browser cannot be sent there.', {
    fields: [{ path: 'returnTo', message: `begin with one of ${RETURN_PATHS.join(', ')}` }],
  });
  if (!/^\/[\w\-./?=&]*$/.test(given)) throw refused;
  const url = new URL(given, publicUrl);
  const path = `${url.pathname}${url.search}`;
  const isOurs = url.origin === new URL(publicUrl).origin && path === given;
  if (!isOurs || !RETURN_PATHS.some((allowed) => url.pathname === allowed || url.pathname.startsWith(`${allowed}/`))) {
    throw refused;
  }
  return path;
};
