import { Fault } from '../../ports/errors.ts';
import { isPublicAddress, literalAddress } from './addresses.ts';

export interface TargetRules {
  /** `host:port`s of development that may be anywhere and speak plain http. */
  allow: string[];
  /** URL prefixes of vendors that are replaced by others: how a connector runs against the emulator. */
  origins: { from: string; to: string }[];
  /** Ports that a public host may be asked on. */
  ports: number[];
}

export interface Targets {
  /** The URL as it is really asked. */
  rewrite: (url: string) => string;
  /** Parses and checks one hop; throws `host_refused`. `listed`: the development allow-list names it, so its address is not checked. */
  admit: (url: string) => { url: URL; listed: boolean };
}

const refused = (reason: string) => new Fault('host_refused', reason);

export function createTargets({ allow, origins, ports }: TargetRules): Targets {
  const listed = new Set(allow.map((entry) => entry.toLowerCase()));

  const rewrite = (url: string): string => {
    for (const { from, to } of origins) {
      const rest = url.slice(from.length);
      // The next character matters: `https://api.vendor.com.evil.test` begins with the vendor's origin, too.
      if (url.startsWith(from) && /^([/?#]|$)/.test(rest)) return to + rest;
    }
    return url;
  };

  return {
    rewrite,
    admit(given) {
      // The URL parser drops line breaks and trims blanks without a word, so they are looked for before it runs.
      if (hasControls(given)) throw refused('the address contains blanks or control characters');
      const asked = URL.parse(given);
      if (!asked) throw refused('this is not a web address');
      const url = new URL(rewrite(asked.href));
      if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('the address must begin with https://');
      if (url.username !== '' || url.password !== '')
        throw refused('the address must not contain a user name or password');
      const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
      if (listed.has(`${url.hostname}:${port}`)) return { url, listed: true };
      if (url.protocol !== 'https:') throw refused(`${url.host} must be asked by https://, not http://`);
      if (!ports.includes(Number(port))) throw refused(`port ${port} is not allowed; a site is asked on port 443`);
      const address = literalAddress(url);
      if (address !== null && !isPublicAddress(address)) throw refusedAddress(url.hostname);
      return { url, listed: false };
    },
  };
}

/** One sentence for the literal and for what a name resolved to: the caller learns nothing about our network from it. */
export const refusedAddress = (host: string) =>
  refused(`${host} is not on the public internet, and only public hosts may be asked`);

const hasControls = (text: string) => [...text].some((character) => character <= ' ' || character === '\u007f');
