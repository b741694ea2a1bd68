import type { ClientAuth } from 'oauth4webapi';
import type { AuthWay } from '../../ports/connectors.ts';
import type { OAuthPort, TokenSet } from '../../ports/oauth.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { usableApp } from './apps.ts';
import type { App, Apps } from './apps.ts';
import { createAsk } from './ask.ts';
import type { CodeMethod, DeclaredMethod, OAuth1Method, Params, TokenEndpoint } from './auth-methods.ts';
import type { Manifest } from './manifest.ts';
import { blameSecret } from './blame.ts';
import { manifestOf, methodOf, renews } from './methods.ts';
import { beginCode, completeCode, exchanged } from './oauth-code.ts';
import { clientCredentials, jwtBearer } from './oauth-grants.ts';
import { revokeByCall, revokeStandard } from './oauth-revoke.ts';
import { renewSession } from './oauth-session.ts';
import { beginThreeLegged, completeThreeLegged } from './oauth-three-legged.ts';
import { clientAuth, refreshTokens } from './oauth-token.ts';
import type { Server } from './oauth-token.ts';
import { testApp } from './oauth-test-app.ts';
import { filled } from './paths.ts';
import { revokeItself } from './revoke-itself.ts';

export interface OAuthParts {
  http: HttpClient;
  apps: Apps;
  manifests: Record<string, Manifest>;
  /** Shorter than the activity that asks: a vendor that dribbles is given up before anybody asks again. */
  timeoutMs?: number;
}

/** Grants that show who asks in another way than by the client's secret. */
const NO_CLIENT_AUTH: ClientAuth = () => undefined;

/** The protocol steps of every declared way to connect. Nothing is kept between them. */
export function createOAuth({ http, apps, manifests, timeoutMs = 15_000 }: OAuthParts): OAuthPort {
  const known = ({ connectorId, methodId }: AuthWay) => {
    const manifest = manifestOf(manifests, connectorId);
    return { manifest, method: methodOf(manifest, methodId) };
  };

  const server = (
    { title, hosts = {} }: Manifest,
    endpoint: TokenEndpoint,
    settings: Params,
    { clientId, auth, client }: Pick<Server, 'clientId' | 'auth' | 'client'>,
  ): Server => {
    const tokenUrl = filled(endpoint.tokenUrl, settings, hosts);
    return { http, timeoutMs, hosts, title, endpoint, tokenUrl, clientId, auth, client };
  };

  const ofPlatform = (manifest: Manifest, method: CodeMethod, settings: Params, app: App): Server =>
    server(manifest, method, settings, {
      clientId: app.clientId,
      auth: clientAuth(method.clientAuth, app.clientSecret),
      client: 'platform',
    });

  const codeFlow = async (way: AuthWay, manifest: Manifest, method: CodeMethod, redirectUri: string) => {
    const app = await usableApp(apps, way.connectorId, manifest.title);
    const { settings } = way;
    return { method, app, settings, redirectUri, server: ofPlatform(manifest, method, settings, app) };
  };

  const threeLegged = async ({ connectorId }: AuthWay, { title }: Manifest, method: OAuth1Method) => {
    const app = await usableApp(apps, connectorId, title);
    return { flow: { method, title, http, timeoutMs, app }, scopes: app.scopes ?? method.scopes };
  };

  const byForm = ({ title }: Manifest) => new Fault('unsupported', `${title} is connected this way by a form alone`);

  const renew = async (way: AuthWay, current: SecretValues): Promise<TokenSet> => {
    const { manifest, method } = known(way);
    const { settings } = way;
    switch (method.kind) {
      case 'oauth2_code': {
        const flow = await codeFlow(way, manifest, method, '');
        return method.exchange
          ? exchanged(method, flow.server, flow.app, current)
          : refreshTokens(flow.server, current);
      }
      case 'oauth2_client_credentials': {
        const values = { ...settings, ...current };
        const auth = clientAuth(method.clientAuth, filled('{client_secret}', values));
        const clientId = filled('{client_id}', values);
        return clientCredentials(
          method,
          server(manifest, method, settings, { clientId, auth, client: 'tenant' }),
          current,
        );
      }
      case 'oauth2_jwt_bearer': {
        const self = { clientId: 'none', auth: NO_CLIENT_AUTH, client: 'tenant' as const };
        return jwtBearer(method, server(manifest, method, settings, self), settings, current);
      }
      case 'session':
        return renewSession({ method, title: manifest.title, http, timeoutMs, settings }, current);
      case 'oauth1':
      case 'oauth1_keys':
      case 'api_key':
      case 'basic':
        throw new Fault('unsupported', `what is stored for ${manifest.title} is used as it is and never renewed`);
    }
  };

  return {
    async begin(way, redirectUri, state) {
      const { manifest, method } = known(way);
      if (method.kind === 'oauth2_code') return beginCode(await codeFlow(way, manifest, method, redirectUri), state);
      if (method.kind !== 'oauth1') throw byForm(manifest);
      const { flow, scopes } = await threeLegged(way, manifest, method);
      return beginThreeLegged(flow, redirectUri, state, scopes);
    },

    async complete(way, redirectUri, answer, proof) {
      const { manifest, method } = known(way);
      if (method.kind === 'oauth2_code') {
        return completeCode(await codeFlow(way, manifest, method, redirectUri), answer, proof);
      }
      if (method.kind !== 'oauth1') throw byForm(manifest);
      const { flow } = await threeLegged(way, manifest, method);
      return completeThreeLegged(flow, answer, proof);
    },

    renews: (way, current) => renews(known(way).method, current),
    renew: (way, current) => renew(way, current).catch(blameSecret(known(way).method)),

    async revoke(way, current) {
      const { manifest, method } = known(way);
      const { revoke } = method;
      if (!revoke) return 'unsupported';
      const { settings } = way;
      if (revoke.how === 'itself') {
        return revokeItself(createAsk(http, manifest, method, settings, current), revoke, manifest.title);
      }
      const named = revoke.how === 'rfc7009' || revoke.json !== undefined;
      const app = named && usesApp(method) ? await usableApp(apps, way.connectorId, manifest.title) : null;
      const endpoint = 'tokenUrl' in method ? method : BARE;
      const revoking = {
        method,
        settings,
        app: app ? { client_id: app.clientId, client_secret: app.clientSecret } : {},
        server: server(manifest, endpoint, settings, {
          clientId: app?.clientId ?? 'none',
          auth: app ? clientAuth(endpoint.clientAuth, app.clientSecret) : NO_CLIENT_AUTH,
          client: 'platform',
        }),
      };
      if (revoke.how === 'rfc7009') await revokeStandard(revoke, revoking, current);
      else if ((await revokeByCall(revoke, revoking, current)) === 'unknown' && renews(method, current)) {
        // The token lapsed while its grant lives on, or the grant is gone: only a renewal tells.
        const fresh = await renew(way, current).catch(unlessRevoked);
        if (fresh) await revokeByCall(revoke, revoking, fresh.values);
      }
      return 'revoked';
    },

    async testApp(connectorId, given) {
      const manifest = manifestOf(manifests, connectorId);
      const method = manifest.auth.find(usesApp);
      if (!method) throw new Fault('unsupported', `${manifest.title} needs no application of ours`);
      const app: App = { ...given, scopes: null, redirectUris: [], enabled: true };
      await testApp({ manifest, method, app, http, timeoutMs, server: ofPlatform });
    },
  };
}

function unlessRevoked(error: unknown): null {
  if (isFault(error, 'grant_revoked')) return null;
  throw error;
}

/** For methods that have no token endpoint. */
const BARE: TokenEndpoint = { tokenUrl: 'https://none.invalid/', clientAuth: 'body', tokenLifetimeS: null };

const usesApp = (method: DeclaredMethod): method is CodeMethod | OAuth1Method =>
  method.kind === 'oauth2_code' || method.kind === 'oauth1';
