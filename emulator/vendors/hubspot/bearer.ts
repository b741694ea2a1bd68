import type { Call, Reply } from '../../http.ts';
import type { Grants } from '../../oauth/grants.ts';
import { apiError } from './errors.ts';

export interface Caller {
  hubId: number;
  scopes: string[];
}

/** Who calls, or the 401 that says why nobody does. */
export function callerOf(grants: Grants, { headers }: Call): Caller | Reply {
  const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (!bearer) return refused('INVALID_AUTHENTICATION', 'Authentication credentials not found.');
  const verdict = grants.judge(bearer);
  if (verdict.state === 'live') return { hubId: Number(verdict.grant.account), scopes: verdict.grant.scopes };
  if (verdict.state === 'expired') {
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
