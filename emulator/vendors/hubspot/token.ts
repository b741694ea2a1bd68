import { CLIENT } from '../../oauth/clients.ts';
import type { Dress } from '../../oauth/endpoints.ts';
import type { Minted } from '../../oauth/grants.ts';
import type { Reason } from '../../oauth/refusal.ts';
import { ACCOUNTS, APP_ID } from './app.ts';
import { oauthError } from './errors.ts';

const WORDS: Partial<Record<Reason, string>> = {
  request: 'BAD_REQUEST',
  client_unknown: 'BAD_CLIENT_ID',
  client_secret: 'BAD_CLIENT_SECRET',
  client_disabled: 'BAD_CLIENT_ID',
  redirect_mismatch: 'MISMATCH_REDIRECT_URI_AUTH_CODE',
  verifier_mismatch: 'BAD_CODE_VERIFIER',
  grant_type_unknown: 'BAD_GRANT_TYPE',
};

const wordFor = (reason: Reason): string =>
  WORDS[reason] ?? (reason.startsWith('code_') ? 'BAD_AUTH_CODE' : 'BAD_REFRESH_TOKEN');

export const tokensOf = ({ accessToken, refreshToken, expiresIn, grant }: Minted): Record<string, unknown> => ({
  token_type: 'bearer',
  access_token: accessToken,
  refresh_token: refreshToken,
  expires_in: expiresIn,
  hub_id: Number(grant.account),
  user_id: ACCOUNTS.find(({ hubId }) => String(hubId) === grant.account)?.userId,
  scopes: grant.scopes,
});

export const DRESS: Dress = {
  tokens: tokensOf,
  refused: ({ error, reason, description }) =>
    oauthError(error === 'invalid_client' ? 401 : 400, error, wordFor(reason), description),
  introspection({ grant, use, expiresAt }) {
    const account = ACCOUNTS.find(({ hubId }) => String(hubId) === grant.account);
    return {
      token_type: 'bearer',
      token_use: use,
      hub_id: account?.hubId,
      hub_domain: account?.domain,
      user: account?.user,
      user_id: account?.userId,
      client_id: CLIENT.id,
      app_id: APP_ID,
      scopes: grant.scopes,
      ...(expiresAt === null ? {} : { expires_at: new Date(expiresAt).toISOString() }),
    };
  },
};
