import { formBody, isForm, json, type Call, type Reply } from '../../http.ts';
import { ACCOUNTS, APP_ID, CLIENT_ID, CLIENT_SECRET } from './app.ts';
import { redeemable, type Codes } from './codes.ts';
import { oauthError } from './errors.ts';
import type { Grants, Minted } from './grants.ts';

/** How often the token endpoint was asked for each grant, and how often it gave tokens, lost answers included. */
export type TokenCalls = Record<'authorization_code' | 'refresh_token', { calls: number; succeeded: number }>;

export function createTokenEndpoint({ codes, grants }: { codes: Codes; grants: Grants }) {
  const calls: TokenCalls = {
    authorization_code: { calls: 0, succeeded: 0 },
    refresh_token: { calls: 0, succeeded: 0 },
  };

  const swapCode = (form: URLSearchParams): Reply => {
    calls.authorization_code.calls += 1;
    const code = redeemable(codes, form);
    if ('why' in code) return oauthError(400, 'invalid_grant', code.status, code.why);
    const minted = grants.open(code.account.hubId, code.account.userId, code.scopes);
    code.spentOn = minted.grant;
    calls.authorization_code.succeeded += 1;
    return tokens(minted);
  };

  const refresh = (form: URLSearchParams): Reply => {
    calls.refresh_token.calls += 1;
    const minted = grants.refresh(form.get('refresh_token') ?? '');
    if (!minted) return oauthError(400, 'invalid_grant', 'BAD_REFRESH_TOKEN', 'missing or invalid refresh token');
    calls.refresh_token.succeeded += 1;
    return tokens(minted);
  };

  return {
    calls,
    token: asClient((form) => {
      switch (form.get('grant_type') ?? '') {
        case 'authorization_code':
          return swapCode(form);
        case 'refresh_token':
          return refresh(form);
        default:
          return oauthError(400, 'unsupported_grant_type', 'BAD_GRANT_TYPE', 'missing or unknown grant_type');
      }
    }),
    revoke: asClient((form) => {
      grants.revoke(form.get('token') ?? '');
      return json(200, {});
    }),
    introspect: asClient((form) => json(200, introspection(grants, form.get('token') ?? ''))),
  };
}

/** Credentials are read from the form alone: this vendor knows no Basic authentication of clients. */
const asClient =
  (answer: (form: URLSearchParams) => Reply) =>
  (call: Call): Reply => {
    if (!isForm(call)) return oauthError(400, 'invalid_request', 'BAD_REQUEST', 'the body is x-www-form-urlencoded');
    const form = formBody(call);
    if (form.get('client_id') !== CLIENT_ID) {
      return oauthError(401, 'invalid_client', 'BAD_CLIENT_ID', 'missing or unknown client id');
    }
    if (form.get('client_secret') !== CLIENT_SECRET) {
      return oauthError(401, 'invalid_client', 'BAD_CLIENT_SECRET', 'missing or invalid client secret');
    }
    return answer(form);
  };

const tokens = ({ accessToken, refreshToken, expiresIn, grant }: Minted): Reply =>
  json(
    200,
    {
      token_type: 'bearer',
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_in: expiresIn,
      hub_id: grant.hubId,
      user_id: grant.userId,
      scopes: grant.scopes,
    },
    { 'cache-control': 'no-store' },
  );

function introspection(grants: Grants, token: string): Record<string, unknown> {
  const { state, token: found } = grants.state(token);
  const refreshed = grants.ofRefreshToken(token);
  const grant = state === 'live' ? found?.grant : refreshed?.revoked ? undefined : refreshed;
  if (!grant) return { active: false };
  const account = ACCOUNTS.find(({ hubId }) => hubId === grant.hubId);
  return {
    active: true,
    token_type: 'bearer',
    token_use: refreshed ? 'refresh_token' : 'access_token',
    hub_id: grant.hubId,
    hub_domain: account?.domain,
    user: account?.user,
    user_id: grant.userId,
    client_id: CLIENT_ID,
    app_id: APP_ID,
    scopes: grant.scopes,
    ...(found ? { expires_at: new Date(found.expiresAt).toISOString() } : {}),
  };
}
