import { Fault } from '../../ports/errors.ts';
import type { TokenSet } from '../../ports/oauth.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { jsonOf } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';
import type { Params, TokenEndpoint } from './auth-methods.ts';
import { tokenRefusal } from './oauth-refusal.ts';
import type { Asked } from './oauth-refusal.ts';
import { at } from './paths.ts';

const LIFETIME_S_MAX = 366 * 24 * 60 * 60;

/** A token endpoint's answer in RFC 6749's words, with what that has no word for beside it. */
export interface TokenAnswer {
  json: Record<string, unknown>;
  expiresIn: unknown;
  scopes: string[] | null;
  settings: Params;
}

/** Takes the vendor's bends out of an answer; whatever is no answer is a fault that says whose. */
export function readTokenAnswer(answer: HttpAnswer, asked: Asked, hosts: Record<string, RegExp> = {}): TokenAnswer {
  if (answer.status !== 200) throw tokenRefusal(answer, asked);
  const { title, endpoint } = asked;
  const { yes, at: where = '', types = [], keep = {} } = endpoint.answer ?? {};
  const body = jsonOf(answer, title);
  const refused = yes ? !yes.is.includes(at(body, yes.at)) : Boolean(at(body, endpoint.refusals?.at ?? 'error'));
  if (refused) throw tokenRefusal(answer, asked);
  const found = at(body, where);
  const given = typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {};
  const { expires_in: expiresIn, scope, scopes, ...rest } = given as Record<string, unknown>;
  // Some vendors send null where they mean nothing. Lifetimes and scopes come in every kind, and an id token is nobody's
  // proof here: those are not the library's to judge.
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => value !== null && name !== 'id_token'),
  );
  const type = typeof kept['token_type'] === 'string' ? kept['token_type'].toLowerCase() : 'bearer';
  return {
    json: { ...kept, token_type: types.includes(type) ? 'bearer' : type },
    expiresIn,
    scopes: scopesOf(scope ?? scopes),
    settings: settingsOf(body, keep, title, hosts),
  };
}

function scopesOf(said: unknown): string[] | null {
  if (Array.isArray(said)) return said.map(String);
  return typeof said === 'string' ? said.split(/[\s,]+/).filter(Boolean) : null;
}

/** What the vendor says of where the account lives. Tokens go there, so that a host which is not the vendor's is refused. */
export function settingsOf(body: unknown, keep: Params, title: string, hosts: Record<string, RegExp>): Params {
  const found: Params = {};
  for (const [name, where] of Object.entries(keep)) {
    const value = at(body, where);
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    if (hosts[name]?.test(String(value)) === false)
      throw new Fault('provider_garbage', `${title} names a host that is not its own as ${name}`);
    found[name] = String(value);
  }
  return found;
}

export interface Granted {
  access_token: string;
  refresh_token?: string | undefined;
}

/** The set to keep. What a vendor leaves out (a refresh token that does not rotate, scopes) stays as it was. */
export function tokenSet(
  granted: Granted,
  { expiresIn, scopes, settings }: Pick<TokenAnswer, 'expiresIn' | 'scopes' | 'settings'>,
  { title, endpoint }: Asked,
  current: SecretValues,
  nowMs = Date.now(),
): TokenSet {
  const access = usable(granted.access_token);
  if (access === undefined) throw new Fault('provider_garbage', `${title} answered without an access token`);
  const refresh = usable(granted.refresh_token) ?? current['refresh_token'];
  const expiresAt = expiryOf(expiresIn, endpoint, nowMs);
  const known = scopes ?? (current['scope'] === undefined ? null : current['scope'].split(' ').filter(Boolean));
  return {
    values: {
      ...current,
      access_token: access,
      ...(refresh !== undefined && { refresh_token: refresh }),
      ...(known && { scope: known.join(' ') }),
      expiresAt: expiresAt ?? '',
    },
    expiresAt,
    settings,
    scopes: known,
  };
}

/** A template that was not filled in has been seen to send the word itself. */
const usable = (token: string | undefined): string | undefined =>
  token === undefined || /^(|undefined|null|none)$/i.test(token.trim()) ? undefined : token;

/** When a token lapses, by the vendor's word when that is a sane number, else by what it documents. */
export function expiryOf(
  expiresIn: unknown,
  { tokenLifetimeS, answer }: Pick<TokenEndpoint, 'tokenLifetimeS' | 'answer'>,
  nowMs = Date.now(),
): string | null {
  const said = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  if (said === 0 && answer?.zeroIsNever) return null;
  const seconds = typeof said === 'number' && Number.isFinite(said) && said > 0 ? said : tokenLifetimeS;
  return seconds === null ? null : new Date(nowMs + Math.min(seconds, LIFETIME_S_MAX) * 1000).toISOString();
}
