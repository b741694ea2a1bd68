import { formBody, isForm, json, jsonBody, record, type Call, type Reply } from '../http.ts';
import type { Asked, Grant, Minted } from './grants.ts';
import type { Issuer, Outcome } from './issuer.ts';
import { NO_STORE, refusal, standardRefusal, type Reason, type Refusal } from './refusal.ts';

/** How a vendor says what the token endpoint found out. */
export interface Dress {
  tokens: (minted: Minted, grantType: string) => Record<string, unknown>;
  refused?: (refusal: Refusal) => Reply;
  /** JSON and the query are read as well as a form. */
  lenient?: boolean;
  /** Why this client may not ask this here, before anything is used up. */
  misplaced?: (params: URLSearchParams, call: Call) => Reason | undefined;
  /** What a request for a code's tokens decides about them. */
  bend?: (params: URLSearchParams) => Partial<Asked>;
  /** Other grants than codes and refresh tokens; undefined when the type is not one of them. */
  other?: (grantType: string, params: URLSearchParams, call: Call) => Outcome | undefined;
  /** Assumed when the request names none. */
  defaultGrantType?: (params: URLSearchParams) => string | undefined;
  /** Grants for which the client need not show its credential: the assertion is one. */
  withoutClient?: string[];
  introspection?: (found: Introspected) => Record<string, unknown>;
}

interface Introspected {
  grant: Grant;
  use: 'access_token' | 'refresh_token';
  expiresAt: number | null;
}

interface Endpoints {
  token: (call: Call) => Reply;
  /** RFC 7009: silent when there is no such token. */
  revoke: (call: Call) => Reply;
  /** RFC 7662. */
  introspect: (call: Call) => Reply;
}

export function createEndpoints(issuer: Issuer, dress: Dress): Endpoints {
  const refused = dress.refused ?? standardRefusal;
  const asClient =
    (answer: (params: URLSearchParams) => Reply) =>
    (call: Call): Reply => {
      const params = paramsOf(call, dress.lenient === true);
      if (!params) return refused(refusal('request'));
      const problem = issuer.clients.authenticate(call, params);
      return problem ? refused(refusal(problem)) : answer(params);
    };
  const grant = (grantType: string, params: URLSearchParams, call: Call): Outcome => {
    if (grantType === 'authorization_code') {
      return issuer.swapCode(
        {
          code: params.get('code') ?? '',
          redirectUri: params.get('redirect_uri'),
          verifier: params.get('code_verifier'),
        },
        dress.bend?.(params),
      );
    }
    if (grantType === 'refresh_token') return issuer.refresh(params.get('refresh_token') ?? '');
    return dress.other?.(grantType, params, call) ?? refusal('grant_type_unknown');
  };

  return {
    token(call: Call): Reply {
      const params = paramsOf(call, dress.lenient === true);
      if (!params) return refused(refusal('request'));
      const grantType = params.get('grant_type') ?? dress.defaultGrantType?.(params) ?? '';
      const free = dress.withoutClient?.includes(grantType) === true;
      const problem = (free ? undefined : issuer.clients.authenticate(call, params)) ?? dress.misplaced?.(params, call);
      const outcome = problem ? refusal(problem) : grant(grantType, params, call);
      return 'error' in outcome ? refused(outcome) : json(200, dress.tokens(outcome, grantType), NO_STORE);
    },
    revoke: asClient((params) => {
      issuer.grants.revoke(params.get('token') ?? '');
      return json(200, {});
    }),
    introspect: asClient((params) => {
      const found = introspected(issuer, params.get('token') ?? '');
      if (!found) return json(200, { active: false });
      return json(200, { active: true, ...(dress.introspection ?? standardIntrospection)(found) });
    }),
  };
}

/** The request's parameters, wherever this vendor reads them; undefined when the body is of another kind. */
function paramsOf(call: Call, lenient: boolean): URLSearchParams | undefined {
  if (isForm(call)) return formBody(call);
  if (!lenient) return undefined;
  if (call.body.length === 0) return call.query;
  const texts = Object.entries(record(jsonBody(call))).filter(([, value]) => typeof value === 'string');
  return new URLSearchParams(texts as [string, string][]);
}

function introspected({ grants }: Issuer, token: string): Introspected | undefined {
  const refreshed = grants.ofRefreshToken(token);
  if (refreshed) return refreshed.revoked ? undefined : { grant: refreshed, use: 'refresh_token', expiresAt: null };
  const verdict = grants.judge(token);
  if (verdict.state !== 'live') return undefined;
  return { grant: verdict.grant, use: 'access_token', expiresAt: grants.expiryOf(token) };
}

const standardIntrospection = ({ grant, use, expiresAt }: Introspected): Record<string, unknown> => ({
  scope: grant.scopes.join(' '),
  client_id: 'emulated-client',
  username: grant.account,
  sub: grant.account,
  token_type: use,
  ...(expiresAt === null ? {} : { exp: Math.floor(expiresAt / 1000) }),
});
