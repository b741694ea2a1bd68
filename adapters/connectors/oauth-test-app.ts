import * as oauth from 'oauth4webapi';
import { Fault } from '../../ports/errors.ts';
import type { HttpClient } from '../http/client.ts';
import type { App } from './apps.ts';
import type { CodeMethod, OAuth1Method, Params } from './auth-methods.ts';
import { checkFields } from './fields.ts';
import type { Manifest } from './manifest.ts';
import { askTokens } from './oauth-token.ts';
import type { Server } from './oauth-token.ts';
import { beginThreeLegged } from './oauth-three-legged.ts';

const NONSENSE = 'is-this-application-known';
const NOWHERE = 'https://nowhere.invalid/';
/** Refusals of what was asked for, which come after the client was recognised. */
const ABOUT_THE_REQUEST = new Set(['invalid_request', 'redirect_uri_mismatch', 'invalid_scope']);

export interface AppTest {
  manifest: Manifest;
  method: CodeMethod | OAuth1Method;
  app: App;
  http: HttpClient;
  timeoutMs: number;
  server: (manifest: Manifest, method: CodeMethod, settings: Params, app: App) => Server;
}

/** Asks for tokens with nonsense: a vendor that knows the application refuses the nonsense, another refuses the application. */
export async function testApp({ manifest, method, app, http, timeoutMs, server }: AppTest): Promise<void> {
  if (method.kind === 'oauth1') {
    await beginThreeLegged({ method, title: manifest.title, http, timeoutMs, app }, NOWHERE, NONSENSE, method.scopes);
    return;
  }
  const asked = server(manifest, method, fallbacks(manifest, method), app);
  const refreshable = method.tokenLifetimeS !== null && !method.exchange;
  const grant = refreshable ? 'refresh_token' : 'authorization_code';
  const nonsense: Params = refreshable ? { refresh_token: NONSENSE } : { code: NONSENSE, redirect_uri: NOWHERE };
  try {
    await askTokens(asked, {}, (as, client, options) =>
      oauth.genericTokenEndpointRequest(as, client, asked.auth, grant, nonsense, options),
    );
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'grant_revoked') return;
    if (error.code === 'client_broken' && ABOUT_THE_REQUEST.has(error.providerCode ?? '')) return;
    throw error;
  }
}

/** What stands in the address when nobody has chosen: vendors that live at each tenant's own host cannot be asked. */
function fallbacks(manifest: Manifest, method: CodeMethod): Params {
  try {
    return checkFields(manifest, method, {}).settings;
  } catch {
    throw new Fault(
      'unsupported',
      `${manifest.title} can only be asked at a tenant’s own address; connect one to test the application`,
    );
  }
}
