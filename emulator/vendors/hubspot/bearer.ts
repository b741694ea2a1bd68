import type { Call, Reply } from '../../http.ts';
import { FIRST_ACCOUNT, SCOPES, STATIC_TOKEN } from './app.ts';
import { apiError } from './errors.ts';
import type { Grants } from './grants.ts';

export interface Caller {
  hubId: number;
  scopes: string[];
}

/** Who calls, or the 401 that says why nobody does. */
export function callerOf(grants: Grants, { headers }: Call): Caller | Reply {
  const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (!bearer) return refused('INVALID_AUTHENTICATION', 'Authentication credentials not found.');
  if (bearer === STATIC_TOKEN) return { hubId: FIRST_ACCOUNT.hubId, scopes: SCOPES };
  const { state, token } = grants.state(bearer);
  if (state === 'live' && token) return token.grant;
  if (state === 'expired') {
    return refused('EXPIRED_AUTHENTICATION', 'The OAuth token used to make this call expired.');
  }
  return refused('INVALID_AUTHENTICATION', 'The OAuth token used to make this call is invalid or revoked.');
}

export const scopeMissing = (scope: string): Reply =>
  apiError(403, 'MISSING_SCOPES', 'This app has not been granted all required scopes.', [
    {
      message: `One or more of the following scopes are required: ${scope}`,
      context: { requiredGranularScopes: [scope] },
    },
  ]);

const refused = (category: string, message: string): Reply => apiError(401, category, message);
