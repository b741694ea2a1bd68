import { Fault } from '../../ports/errors.ts';
import type { Params } from './manifest.ts';

/** What lies at `a.b.c` in a parsed body, or undefined. Only own properties count. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path === '' ? [] : path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** Puts a connection's settings where a URL names them. */
export const filled = (template: string, settings: Params): string =>
  template.replace(/\{([a-z_]+)\}/g, (_whole, name: string) => {
    const value = settings[name];
    if (value === undefined || value === '')
      throw new Fault('reauth_required', 'this connection lacks its address; connect it again');
    return value;
  });

/** The URL of one call. It is always built by us from the connector's own base. */
export function urlOf(base: string, path: string, query: Params = {}): string {
  const url = new URL(base + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
