import { Fault } from '../../ports/errors.ts';
import type { TokenSet } from '../../ports/connectors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonOf, statusFault, textOf } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';
import { at } from './paths.ts';

const LIFETIME_S_MAX = 366 * 24 * 60 * 60;

/** A token endpoint's answer with the vendors' known quirks taken out; whatever is no answer is a fault that says whose. */
export function readTokenAnswer(answer: HttpAnswer, title: string): { answer: HttpAnswer; expiresIn: unknown } {
  if (answer.status !== 200) throw tokenRefusal(answer, title);
  const json = jsonOf(answer, title);
  const body = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
  // Some vendors send null where they mean nothing, and lifetimes of every kind: those are read apart.
  const { expires_in: expiresIn, ...rest } = { token_type: 'bearer', ...body } as Record<string, unknown>;
  const kept = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  return {
    answer: {
      ...answer,
      headers: new Map([['content-type', 'application/json']]),
      body: Buffer.from(JSON.stringify(kept)),
    },
    expiresIn,
  };
}

/** `invalid_grant` is the tenant's to mend, every other refusal of our request ours: it must not mark tenants as dead. */
function tokenRefusal(answer: HttpAnswer, title: string): Fault {
  const error = oauthError(answer);
  if (error === 'invalid_grant')
    return new Fault('grant_revoked', `${title} no longer takes this authorization; connect it again`);
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    return new Fault('provider_down', `${title} cannot give tokens now`);
  }
  const common = error === 'slow_down' ? statusFault({ ...answer, status: 429 }, title) : statusFault(answer, title);
  if (common) return common;
  if (error === undefined && answer.status !== 401) {
    return new Fault(
      'provider_garbage',
      `the token endpoint of ${title} answered with status ${answer.status} and no reason`,
    );
  }
  return new Fault(
    'client_broken',
    `${title} refuses our application (${error ?? 'status 401'}); its client id or secret is wrong here`,
  );
}

function oauthError(answer: HttpAnswer): string | undefined {
  try {
    const error = at(JSON.parse(textOf(answer)), 'error');
    return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined;
  } catch {
    return undefined;
  }
}

export interface Granted {
  access_token: string;
  refresh_token?: string | undefined;
  scope?: string | undefined;
}

/** The set to keep. Vendors that do not rotate leave the refresh token out: then the one at hand stays. */
export function tokenSet(
  granted: Granted,
  expiresAt: string | null,
  title: string,
  current: SecretValues = {},
): TokenSet {
  const access = usable(granted.access_token);
  if (access === undefined) throw new Fault('provider_garbage', `${title} answered without an access token`);
  const refresh = usable(granted.refresh_token) ?? current['refresh_token'];
  return {
    values: {
      ...current,
      access_token: access,
      ...(refresh !== undefined && { refresh_token: refresh }),
      ...(granted.scope !== undefined && { scope: granted.scope }),
      expiresAt: expiresAt ?? '',
    },
    expiresAt,
  };
}

/** A template that was not filled in has been seen to send the word itself. */
const usable = (token: string | undefined): string | undefined =>
  token === undefined || /^(|undefined|null|none)$/i.test(token.trim()) ? undefined : token;

/** When a token lapses, by the vendor's word when that is a sane number, else by what it documents. */
export function expiryOf(expiresIn: unknown, documentedS: number | null, nowMs = Date.now()): string | null {
  const said = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  const seconds = typeof said === 'number' && Number.isFinite(said) && said > 0 ? said : documentedS;
  return seconds === null ? null : new Date(nowMs + Math.min(seconds, LIFETIME_S_MAX) * 1000).toISOString();
}
