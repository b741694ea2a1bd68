import { Fault } from '../../ports/errors.ts';
import type { Params } from './auth-methods.ts';

/** What lies at `a.b.c` in a parsed body, or undefined. Only own properties count. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path === '' ? [] : path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** Puts a connection's values where a template names them. One that names a host and does not look like it goes nowhere. */
export const filled = (template: string, values: Params, hosts: Record<string, RegExp> = {}): string =>
  template.replace(/\{([A-Za-z_]+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined || value === '') {
      throw new Fault('reauth_required', `this connection lacks what a call needs (${name}); connect it again`);
    }
    if (hosts[name]?.test(value) === false)
      throw new Fault('host_refused', `${name} does not name a host of this vendor`);
    return value;
  });

/** The URL of one call. It is always built by us from the connector's own base. */
export function urlOf(base: string, path: string, query: Params = {}): string {
  // Without its slash a path would lengthen the host.
  const where = path === '' || path.startsWith('/') ? base + path : `${base}/${path}`;
  if (!/[?#]/.test(where)) {
    const asked = new URLSearchParams(query).toString();
    return new URL(asked === '' ? where : `${where}?${asked}`).href;
  }
  const url = new URL(where);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
