import type { TokenSet } from '../../ports/oauth.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient, HttpRequest } from '../http/client.ts';
import type { Params, SessionMethod } from './auth-methods.ts';
import { readTokenAnswer, tokenSet } from './oauth-answer.ts';
import { answerFault } from './oauth-token.ts';
import { filled } from './paths.ts';

export interface Session {
  method: SessionMethod;
  title: string;
  http: HttpClient;
  timeoutMs: number;
  settings: Params;
}

/** A new access token by the refresh token; where that is no longer taken, by a new login. */
export async function renewSession(session: Session, current: SecretValues): Promise<TokenSet> {
  const { method, settings } = session;
  const token = current['refresh_token'];
  if (token) {
    try {
      const url = filled(method.refreshUrl, settings);
      return await ask(session, current, { method: 'POST', url, headers: { authorization: `Bearer ${token}` } });
    } catch (error) {
      if (!isFault(error, 'grant_revoked')) throw error;
    }
  }
  const values = { ...settings, ...current };
  const said = Object.entries(method.login.json).map(([name, value]) => [
    name,
    typeof value === 'string' ? filled(value, values) : value,
  ]);
  const kept = Object.fromEntries(Object.entries(current).filter(([name]) => name !== 'refresh_token'));
  return ask(session, kept, {
    method: 'POST',
    url: filled(method.login.url, settings),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(said)),
  });
}

async function ask(session: Session, current: SecretValues, request: HttpRequest): Promise<TokenSet> {
  const { http, title, method, timeoutMs } = session;
  const endpoint = { tokenLifetimeS: method.tokenLifetimeS };
  const asked = { title, endpoint, client: 'tenant' as const };
  const askedMs = Date.now();
  try {
    const headers = { accept: 'application/json', ...request.headers };
    const answer = await http.send({ ...request, headers, timeoutMs });
    // A broken header is 422 there, and a login that is not known 401.
    if ([400, 401, 403, 422].includes(answer.status)) {
      const message = `${title} refuses this user name or password (status ${answer.status}); give them again`;
      throw new Fault('grant_revoked', message, { fields: [{ path: method.blame, message }] });
    }
    if (answer.status === 404 && current['access_token'] === undefined) {
      const address = method.fields.find(({ kind }) => kind === 'url')?.name ?? method.blame;
      const message = `there is no ${title} at this address`;
      throw new Fault('not_that_system', message, { fields: [{ path: address, message }] });
    }
    const read = readTokenAnswer(answer, asked);
    const { access_token: access, refresh_token: refresh } = read.json;
    const granted = { access_token: text(access) ?? '', refresh_token: text(refresh) };
    return tokenSet(granted, read, asked, current, askedMs);
  } catch (error) {
    throw answerFault(error, title);
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
