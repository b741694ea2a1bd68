import { Fault } from '../../ports/errors.ts';
import { jsonIfAny } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { TokenEndpoint, TokenFault } from './auth-methods.ts';
import { at } from './paths.ts';
import { plainCode } from './refusal.ts';

/** Whose token endpoint it is, and whose client id and secret were sent there. */
export interface Asked {
  title: string;
  endpoint: Pick<TokenEndpoint, 'answer' | 'refusals' | 'tokenLifetimeS'>;
  /** `tenant`: the client id came with the credential, so that its refusal concerns this connection alone. */
  client: 'platform' | 'tenant';
}

/** RFC 6749 §5.2 and what is used beside it. `invalid_grant` is the tenant's to mend, every other refusal of our request ours. */
const CODES: Record<string, TokenFault> = {
  invalid_grant: 'grant_revoked',
  invalid_client: 'client_broken',
  unauthorized_client: 'client_broken',
  invalid_request: 'client_broken',
  invalid_scope: 'client_broken',
  unsupported_grant_type: 'client_broken',
  redirect_uri_mismatch: 'client_broken',
  temporarily_unavailable: 'provider_down',
  server_error: 'provider_down',
  slow_down: 'provider_rate_limited',
};

/** What a refusal of the token endpoint means. The vendor's code is named, its prose and the body never are. */
export function tokenRefusal(answer: HttpAnswer, asked: Asked): Fault {
  const { title, endpoint } = asked;
  const { refusals = {} } = endpoint;
  const providerCode = plainCode(codeOf(answer, refusals.at ?? 'error'));
  const wait = retryAfterMs(answer.headers.get('retry-after'));
  const limited = answer.status === 429 || (answer.status === 503 && wait !== undefined);
  // An outage says nothing about a grant, whatever its body claims.
  if (!limited && (answer.status >= 500 || answer.status === 408)) {
    return new Fault('provider_down', `${title} cannot give tokens now (status ${answer.status})`, { providerCode });
  }
  const meant = limited ? 'provider_rate_limited' : meaning(answer.status, providerCode, refusals);
  const code = meant === 'client_broken' && asked.client === 'tenant' ? 'grant_revoked' : meant;
  const retry = wait ?? (meant === 'provider_rate_limited' ? refusals.waitMs : undefined);
  const message = sentence(code, asked, providerCode ?? `status ${answer.status}`);
  return new Fault(code, message, { providerCode, ...(retry !== undefined && { retryAfterMs: retry }) });
}

function meaning(
  status: number,
  code: string | null,
  { codes, down, statuses }: NonNullable<TokenEndpoint['refusals']>,
): TokenFault {
  const known: Record<string, TokenFault> = { ...CODES, ...codes };
  const named = code !== null && Object.hasOwn(known, code) ? known[code] : undefined;
  if (named) return named;
  if (code !== null && down?.test(code)) return 'provider_down';
  return statuses?.[status] ?? (code === null && status === 401 ? 'client_broken' : 'provider_garbage');
}

function sentence(code: TokenFault, { title, client }: Asked, said: string): string {
  switch (code) {
    case 'grant_revoked':
      return client === 'tenant'
        ? `${title} refuses the credential that was given (${said}); check it there, and connect again`
        : `${title} no longer takes this authorization (${said}); connect it again`;
    case 'client_broken':
      return `${title} refuses our application (${said}); its client id, secret or redirect address is wrong here`;
    case 'provider_rate_limited':
      return `${title} asks us to slow down`;
    case 'provider_down':
      return `${title} cannot give tokens now (${said})`;
    case 'provider_garbage':
      return `the token endpoint of ${title} answered with what we do not understand (${said})`;
  }
}

function codeOf(answer: HttpAnswer, where: string): unknown {
  const code = at(jsonIfAny(answer), where);
  // "Access Denied" and the like: codes of several words.
  return typeof code === 'string' ? code.trim().replace(/\s+/g, '_') : code;
}
