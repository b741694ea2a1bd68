import { json, jsonBody, record, list, route, type Call, type Route } from '../http.ts';
import type { OAuthControl } from './control.ts';

/** The control of every vendor's authorization server over HTTP: `/control/oauth/<vendor>/<what>`. */
export function oauthControlRoutes(control: (vendor: string) => OAuthControl): Route[] {
  const act = (what: string, action: (of: OAuthControl, given: Record<string, unknown>) => unknown) =>
    route('POST', `/control/oauth/:vendor/${what}`, (call: Call, vendor = '') =>
      json(200, action(control(vendor), record(jsonBody(call))) ?? { ok: true }),
    );
  return [
    act('expire-tokens', (of) => ({ expired: of.expireTokens() })),
    act('revoke', (of) => ({ revoked: of.revoke() })),
    act('token-lifetime', (of, { seconds }) => of.tokenLifetime(seconds === null ? null : whole('seconds', seconds))),
    act('rotate', (of, { on }) => of.rotate(on === true)),
    act('overlap', (of, { seconds }) => of.overlap(whole('seconds', seconds))),
    act('break-client', (of, { on }) => of.breakClient(on === true)),
    act('client-secrets', (of, { valid }) => of.clientSecrets(list(valid).map(String))),
    act('skew', (of, { seconds }) => of.skew(whole('seconds', seconds, true))),
    act('forget-refresh-tokens', (of) => ({ forgotten: of.forgetRefreshTokens() })),
    act('redirect-uris', (of, { uris }) => of.redirectUris(list(uris).map(String))),
    act('assertion-key', (of, { issuer, publicKey }) =>
      of.assertionKey(text('issuer', issuer), text('publicKey', publicKey)),
    ),
    act('turn', (of, { what, on }) => of.turn(text('what', what), on === true)),
    act('grant', (of, { account, scopes }) =>
      of.grant({
        ...(account === undefined ? {} : { account: text('account', account) }),
        ...(scopes === undefined ? {} : { scopes: list(scopes).map(String) }),
      }),
    ),
    route('GET', '/control/oauth/:vendor/token-calls', (_call, vendor = '') => json(200, control(vendor).tokenCalls())),
  ];
}

function whole(name: string, value: unknown, signed = false): number {
  if (typeof value === 'number' && Number.isInteger(value) && (signed || value >= 0)) return value;
  throw new Error(`${name} is a whole number`);
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`${name} is a text`);
}
