import { Fault } from '../../ports/errors.ts';

/** No whole answer came. `maybeProcessed`: the request had begun to leave, so the other side may have acted on it. */
export class Unanswered extends Fault {
  readonly maybeProcessed: boolean;

  constructor(message: string, maybeProcessed: boolean, retryAfterMs?: number) {
    super('provider_down', message, retryAfterMs === undefined ? {} : { retryAfterMs });
    this.maybeProcessed = maybeProcessed;
  }
}

const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH)/;
const SENTENCES: Record<string, string> = {
  ENOTFOUND: 'cannot be found; check the address',
  EAI_AGAIN: 'cannot be looked up now',
  ECONNREFUSED: 'refuses connections',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'does not take connections',
};

/** What broke, in words. Only the host is named: paths, queries and headers may hold what is not for logs. */
export function unanswered(error: unknown, host: string, sent: boolean): Unanswered {
  const code = codeOf(error);
  if (TLS.test(code)) return new Unanswered(`${host} shows a TLS certificate that is not valid (${code})`, false);
  const known = SENTENCES[code];
  if (known !== undefined) return new Unanswered(`${host} ${known}`, false);
  return new Unanswered(`the connection to ${host} broke${code === '' ? '' : ` (${code})`}`, sent);
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : '';
}
