import type { Control } from './control.ts';
import { FAULT_KINDS, type FaultKind, type FaultRule } from './faults.ts';
import { json, jsonBody, list, record, route, router, type Call, type Handler, type Reply } from './http.ts';
import type { ScriptedTurn } from './models/script-terms.ts';
import { oauthControlRoutes } from './oauth/control-routes.ts';
import type { ScriptedAnswer } from './vendors/openai/script.ts';
import type { SiteSize } from './vendors/wordpress/site.ts';

/** The same control over HTTP, for the demo, for people and for tests that live in another process. */
export function controlRoutes(control: Control): Handler {
  const body = (call: Call) => record(jsonBody(call));
  const done = (value: unknown = { ok: true }): Reply => json(200, value);
  const act = (path: string, action: (given: Record<string, unknown>, ...params: string[]) => unknown) =>
    route('POST', `/control/${path}`, (call, ...params) => done(action(body(call), ...params) ?? undefined));

  const routes = router(
    [
      act('faults', (given) => control.fault(faultFrom(given))),
      route('GET', '/control/faults', () => done(control.faults.pending())),
      route('DELETE', '/control/faults', () => done(control.faults.clear())),
      act('faults/release', () => control.faults.release()),
      route('GET', '/control/requests', ({ query }) => {
        const requests = control.requests({
          ...(query.has('path') ? { path: query.get('path') ?? '/' } : {}),
          ...(query.has('method') ? { method: query.get('method') ?? 'GET' } : {}),
          ...(query.has('status') ? { status: Number(query.get('status')) } : {}),
        });
        return done({ count: requests.length, requests });
      }),
      act('reset', () => control.reset()),

      act('hubspot/contacts', ({ count, hubId }) => {
        control.hubspot.contacts(numeric('count', count), hubId === undefined ? undefined : numeric('hubId', hubId));
      }),
      act('hubspot/expire-tokens', () => ({ expired: control.hubspot.expireTokens() })),
      act('hubspot/revoke', () => ({ revoked: control.hubspot.revoke() })),
      act('hubspot/token-lifetime', ({ seconds }) => control.hubspot.tokenLifetime(numeric('seconds', seconds))),
      act('hubspot/rotate', ({ on }) => control.hubspot.rotate(on === true)),
      act('hubspot/rate-limit', ({ on }) => control.hubspot.rateLimit(on === true)),
      route('GET', '/control/hubspot/token-calls', () => done(control.hubspot.tokenCalls())),

      ...oauthControlRoutes(control.oauth),
      act('keys/:vendor/mint', (_given, vendor = '') => control.keys(vendor).mint()),
      act('keys/:vendor/revoke', ({ id }, vendor = '') => ({
        revoked: control.keys(vendor).revoke(typeof id === 'string' ? id : undefined),
      })),
      act('keys/:vendor/settling', ({ calls }, vendor = '') => control.keys(vendor).settling(numeric('calls', calls))),
      route('GET', '/control/keys/:vendor', (_call, vendor = '') => done(control.keys(vendor).list())),

      act('wordpress/:site', (given, site = '') => {
        const size = ['posts', 'pages', 'media']
          .filter((name) => name in given)
          .map((name) => [name, numeric(name, given[name])]);
        const { url } = control.wordpress.site(
          site,
          ...(size.length > 0 ? [Object.fromEntries(size) as SiteSize] : []),
        );
        return { url };
      }),
      act('wordpress/:site/password', ({ valid }, site = '') => control.wordpress.password(site, valid === true)),
      act('openai/script', ({ answers }) => control.openai.script(...(list(answers) as ScriptedAnswer[]))),
      act('models/refuse', ({ key, on }) => control.models.refuse(String(key), on !== false)),
      act('models/:name', ({ turns }, name = '') => control.models.script(name, list(turns) as ScriptedTurn[])),
      route('GET', '/control/models/:name/calls', (_call, name = '') => done(control.models.calls(name))),
      route('GET', '/control/models/:name/prompts', (_call, name = '') => done(control.models.prompts(name))),
      act('web/:name', ({ path, body: page }, name = '') => control.web(name).page(String(path), page)),
      route('GET', '/control/web/:name', (_call, name = '') => done({ received: control.web(name).received() })),
      act('mcp/:name', ({ tool, text }, name = '') => control.mcp(name).says(String(tool), String(text))),
      route('GET', '/control/mcp/:name', (_call, name = '') => done({ effects: control.mcp(name).effects() })),
      route('GET', '/control/openai/requests', () => done(control.openai.requests())),
    ],
    ({ method, path }) => json(404, { message: `no control at ${method} ${path}` }),
  );

  return (call) => {
    // A page in somebody's browser may reach loopback too; it cannot help saying where it comes from.
    if (call.headers.origin !== undefined) return json(403, { message: 'control is not for web pages' });
    try {
      return routes(call);
    } catch (error) {
      return json(400, { message: error instanceof Error ? error.message : String(error) });
    }
  };
}

function faultFrom(given: Record<string, unknown>): FaultRule {
  const { path, method } = record(given['match']);
  const kind = given['kind'] as FaultKind;
  if (typeof path !== 'string' || path === '') throw new Error('match.path is a prefix or a regular expression');
  if (!FAULT_KINDS.includes(kind)) throw new Error(`kind is one of ${FAULT_KINDS.join(', ')}`);
  const numbers = ['times', 'skip', 'status', 'ms'].filter((name) => name in given);
  return {
    match: { path, ...(typeof method === 'string' ? { method } : {}) },
    kind,
    ...Object.fromEntries(numbers.map((name) => [name, numeric(name, given[name])])),
    ...('headers' in given ? { headers: record(given['headers']) as Record<string, string> } : {}),
    ...('body' in given ? { body: given['body'] } : {}),
  };
}

function numeric(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new Error(`${name} is a whole number`);
  return value;
}
