import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { matcher } from './faults.ts';

/** A request the emulator received. Nothing in it can be used as a credential. */
interface SeenRequest {
  at: string;
  method: string;
  /** Path and query as asked, values that are secrets replaced by `***`. */
  path: string;
  /** What was answered; null while it is being worked on and for ever when the connection was cut or left hanging. */
  status: number | null;
  /** Scheme and a digest of the credential, so that two requests can be said to have used the same one. */
  credential?: string;
  userAgent?: string;
  idempotencyKey?: string;
  fault?: string;
}

interface RequestFilter {
  method?: string;
  /** As in a fault: a prefix when it begins with `/`, else a regular expression. */
  path?: string;
  status?: number;
}

export interface Journal {
  open: (request: { method: string; url: string; headers: IncomingHttpHeaders; at: number }) => SeenRequest;
  settle: (entry: SeenRequest, status: number | null) => void;
  requests: (filter?: RequestFilter) => SeenRequest[];
  /** Resolves as soon as `count` requests match; rejects, naming what was seen, after `timeoutMs`. */
  waitFor: (filter: RequestFilter, count?: number, timeoutMs?: number) => Promise<SeenRequest[]>;
  clear: () => void;
}

const KEPT = 20_000;
const SECRETS = new RegExp(
  [
    '([?&](?:code|auth_code|password|token|access_token|refresh_token|fb_exchange_token|oauth_token|oauth_verifier',
    '|client_secret|secret|appsecret_proof|state)=)[^&]*',
    '|(/1/tokens/)[^?]*',
  ].join(''),
  'g',
);

export function createJournal(): Journal {
  let entries: SeenRequest[] = [];
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const look of watchers) look();
  };
  const requests = (filter: RequestFilter = {}) => {
    const hits = matcher({ path: filter.path ?? '/', ...(filter.method ? { method: filter.method } : {}) });
    return entries.filter(
      (entry) =>
        hits({ method: entry.method, url: entry.path }) &&
        (filter.status === undefined || entry.status === filter.status),
    );
  };

  return {
    requests,
    open({ method, url, headers, at }) {
      const entry: SeenRequest = {
        at: new Date(at).toISOString(),
        method,
        path: url.replace(SECRETS, '$1$2***'),
        status: null,
        ...described(headers),
      };
      entries.push(entry);
      if (entries.length > KEPT) entries = entries.slice(KEPT / 2);
      changed();
      return entry;
    },
    settle(entry, status) {
      entry.status = status;
      changed();
    },
    waitFor(filter, count = 1, timeoutMs = 20_000) {
      return new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const look = () => {
          const found = requests(filter);
          if (found.length < count) return;
          stop();
          resolve(found);
        };
        const timer = setTimeout(() => {
          stop();
          const seen = requests({})
            .slice(-5)
            .map(({ method, path, status }) => `${method} ${path} ${status ?? '-'}`);
          reject(
            new Error(`waited for ${count} of ${JSON.stringify(filter)}; last seen: ${seen.join(', ') || 'none'}`),
          );
        }, timeoutMs);
        watchers.add(look);
        look();
      });
    },
    clear() {
      entries = [];
    },
  };
}

function described(headers: IncomingHttpHeaders): Partial<SeenRequest> {
  const [scheme, secret] = credentialIn(headers);
  const key = headers['idempotency-key'];
  return {
    ...(scheme && secret ? { credential: `${scheme} ${digest(secret)}` } : {}),
    ...(headers['user-agent'] ? { userAgent: headers['user-agent'] } : {}),
    ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
  };
}

function credentialIn(headers: IncomingHttpHeaders): [scheme: string, secret: string] {
  for (const name of ['x-shopify-access-token', 'access-token']) {
    const value = headers[name];
    if (typeof value === 'string') return [name, value];
  }
  const [scheme = '', ...rest] = (headers.authorization ?? '').split(' ');
  return [scheme, rest.join(' ')];
}

const digest = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 8);
