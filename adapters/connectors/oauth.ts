import * as oauth from 'oauth4webapi';
import type { OAuthPort, TokenSet } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { httpFetch } from '../http/fetch.ts';
import { Unanswered } from '../http/unanswered.ts';
import type { Manifest, OAuth2 } from './manifest.ts';
import { expiryOf, readTokenAnswer, tokenSet } from './oauth-answer.ts';

export interface OAuthParts {
  http: HttpClient;
  /** Our application at each vendor, by connector id. */
  apps: Record<string, { clientId: string; clientSecret: string }>;
  manifests: Record<string, Manifest>;
}

interface Vendor {
  title: string;
  auth: OAuth2;
  server: oauth.AuthorizationServer;
  client: oauth.Client;
  clientAuth: oauth.ClientAuth;
}

type Fetch = oauth.TokenEndpointRequestOptions;

export function createOAuth({ http, apps, manifests }: OAuthParts): OAuthPort {
  const vendorOf = (connectorId: string): Vendor => {
    const manifest = Object.hasOwn(manifests, connectorId) ? manifests[connectorId] : undefined;
    if (!manifest) throw new Fault('unknown_connector', 'there is no connector of this name');
    const { auth, title } = manifest;
    if (auth.kind !== 'oauth2') throw new Fault('unsupported', `${title} is connected by a form, not by OAuth`);
    const app = Object.hasOwn(apps, connectorId) ? apps[connectorId] : undefined;
    if (!app)
      throw new Fault('client_broken', `${title} is not set up on this platform: it has no client id and secret`);
    const secret = auth.clientAuth === 'body' ? oauth.ClientSecretPost : oauth.ClientSecretBasic;
    return {
      title,
      auth,
      server: { issuer: new URL(auth.tokenUrl).origin, token_endpoint: auth.tokenUrl },
      client: { client_id: app.clientId },
      clientAuth: secret(app.clientSecret),
    };
  };

  /** One call to the token endpoint. The library's own errors carry the answer's body, so none of them is passed on. */
  const ask = async (
    { title, auth }: Vendor,
    current: SecretValues,
    call: (options: Fetch) => Promise<oauth.TokenEndpointResponse>,
  ): Promise<TokenSet> => {
    let expiresIn: unknown;
    const asked = Date.now();
    const fetch = httpFetch(http, (answer) => {
      const read = readTokenAnswer(answer, title);
      expiresIn = read.expiresIn;
      return read.answer;
    });
    try {
      const granted = await call({ [oauth.customFetch]: fetch });
      return tokenSet(granted, expiryOf(expiresIn, auth.tokenLifetimeS, asked), title, current);
    } catch (error) {
      if (error instanceof Unanswered && error.maybeProcessed) {
        throw new Fault('lost_response', `${title} may have given new tokens, but its answer was lost`);
      }
      if (error instanceof Fault) throw error;
      throw new Fault('provider_garbage', `${title} answered with something that is not a set of tokens`);
    }
  };

  return {
    async authorizationUrl(connectorId, redirectUri, state) {
      const { auth, client } = vendorOf(connectorId);
      const verifier = oauth.generateRandomCodeVerifier();
      const url = new URL(http.rewrite(auth.authorizeUrl));
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: client.client_id,
        redirect_uri: redirectUri,
        scope: auth.scopes.join(' '),
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }).toString();
      return { url: url.href, verifier };
    },

    async exchange(connectorId, { code, verifier, redirectUri }) {
      const vendor = vendorOf(connectorId);
      const { server, client, clientAuth } = vendor;
      // The state was checked where it is kept: with the browser's transaction.
      const callback = oauth.validateAuthResponse(server, client, new URLSearchParams({ code }), oauth.skipStateCheck);
      return ask(vendor, {}, async (options) => {
        const answer = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          clientAuth,
          callback,
          redirectUri,
          verifier,
          options,
        );
        return oauth.processAuthorizationCodeResponse(server, client, answer);
      });
    },

    async refresh(connectorId, current) {
      const vendor = vendorOf(connectorId);
      const { server, client, clientAuth, title } = vendor;
      const token = current['refresh_token'];
      if (!token)
        throw new Fault('grant_revoked', `${title} gave no token to renew this connection with; connect it again`);
      return ask(vendor, current, async (options) => {
        const answer = await oauth.refreshTokenGrantRequest(server, client, clientAuth, token, options);
        return oauth.processRefreshTokenResponse(server, client, answer);
      });
    },
  };
}
