import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * True for global unicast alone. Private, loopback, link-local (the cloud's metadata), carrier NAT, documentation and
 * every way to write an IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) are not.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_V6) : true;
}

/** The IP address in a parsed URL's host, or null when it is a name. The URL parser has already undone odd spellings. */
export function literalAddress({ hostname }: URL): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? null : bare;
}
