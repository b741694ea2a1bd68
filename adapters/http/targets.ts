import { Fault } from '../../ports/errors.ts';
import { isPublicAddress, literalAddress } from './addresses.ts';

export interface TargetRules {
  /** `host:port`s of development that may be anywhere and speak plain http. */
  allow: string[];
  /**
   * URL prefixes of vendors that are replaced by others: how a connector runs against the emulator. `*` in a host stands for
   * one DNS label.
   */
  origins: { from: string; to: string }[];
  /** Ports that a public host may be asked on. */
  ports: number[];
}

export interface Targets {
  /** The URL that a browser is really sent to. Where one place stands for many hosts, `forwarded_host` says which. */
  rewrite: (url: string) => string;
  /**
   * Parses and checks one hop; throws `host_refused`. `listed`: the development allow-list names it, so its address is not
   * checked. `standsFor`: the host that was asked, where another one answers in its place.
   */
  admit: (url: string) => { url: URL; listed: boolean; standsFor: string | null };
}

const refused = (reason: string) => new Fault('host_refused', reason);

export function createTargets({ allow, origins, ports }: TargetRules): Targets {
  const listed = new Set(allow.map((entry) => entry.toLowerCase()));

  const rules = origins.map(({ from, to }) => ({
    // The next character matters: `https://api.vendor.com.evil.test` begins with the vendor's origin, too.
    prefix: new RegExp(`^${from.split('*').map(literally).join('[a-z0-9-]+')}(?=[/?#]|$)`, 'i'),
    many: from.includes('*'),
    to,
  }));
  const replaced = (url: string) => {
    for (const { prefix, many, to } of rules) {
      const [whole] = prefix.exec(url) ?? [];
      if (whole !== undefined) return { url: to + url.slice(whole.length), many };
    }
    return null;
  };

  return {
    rewrite(url) {
      const found = replaced(url);
      if (!found?.many) return found?.url ?? url;
      const named = new URL(found.url);
      named.searchParams.set('forwarded_host', new URL(url).host);
      return named.href;
    },
    admit(given) {
      // The URL parser drops line breaks and trims blanks without a word, so they are looked for before it runs.
      if (hasControls(given)) throw refused('the address contains blanks or control characters');
      const asked = URL.parse(given);
      if (!asked) throw refused('this is not a web address');
      const found = replaced(asked.href);
      const url = found ? new URL(found.url) : asked;
      const standsFor = found ? asked.host : null;
      if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('the address must begin with https://');
      if (url.username !== '' || url.password !== '')
        throw refused('the address must not contain a user name or password');
      const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
      if (listed.has(`${url.hostname}:${port}`)) return { url, listed: true, standsFor };
      if (url.protocol !== 'https:') throw refused(`${url.host} must be asked by https://, not http://`);
      if (!ports.includes(Number(port))) throw refused(`port ${port} is not allowed; a site is asked on port 443`);
      const address = literalAddress(url);
      if (address !== null && !isPublicAddress(address)) throw refusedAddress(url.hostname);
      return { url, listed: false, standsFor };
    },
  };
}

/** One sentence for the literal and for what a name resolved to: the caller learns nothing about our network from it. */
export const refusedAddress = (host: string) =>
  refused(`${host} is not on the public internet, and only public hosts may be asked`);

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const hasControls = (text: string) => /[\u0000-\u0020\u007f]/.test(text);
