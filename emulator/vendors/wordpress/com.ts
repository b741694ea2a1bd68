import { json, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Minted } from '../../oauth/grants.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import type { Origin } from '../../world.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { USER } from './owner.ts';
import { siteRecords } from './records.ts';
import { siteRoutes } from './routes.ts';
import { createSite } from './site.ts';

const ACCOUNT = { id: '4711', name: USER.name };
const SCOPES = ['global', 'posts', 'media', 'taxonomy', 'comments', 'sites', 'users', 'auth'];
/** The one site of this person, by its id and by its domain; the other belongs to somebody else. */
const BLOG = { id: '148203917', domain: 'kornblume.wordpress.com' };
const ANOTHER = 'ferro.wordpress.com';

/** Sites that WordPress.com hosts: the same REST API behind one host, and an authorization server of their own. */
export function createWordpressCom(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'wordpress-com',
    tokens: { lifetimeSeconds: 1_209_600, refresh: 'rotating' },
    codes: { pkce: 'optional', redirectUriAtSwap: 'required' },
    clientAuth: ['body'],
  });
  const { grants } = issuer;
  const site = createSite('hosted', {}, issuer.clock.now);
  const records = siteRecords(() => site, issuer.clock.now);

  const consent = createConsent(issuer, {
    title: 'WordPress.com',
    accounts: () => [ACCOUNT],
    scopes: SCOPES,
    defaultScopes: ['auth'],
  });
  const tokens = ({ accessToken, refreshToken, expiresIn, grant }: Minted) => ({
    access_token: accessToken,
    token_type: 'bearer',
    scope: grant.scopes.join(' '),
    ...(expiresIn === null ? {} : { expires_in: expiresIn }),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
  });
  const endpoints = createEndpoints(issuer, { tokens });

  /** Undefined when the token is good. */
  const refused = (call: Call, shaped: (code: string, message: string) => Reply): Reply | undefined => {
    const token = tokenIn(call, 'Bearer');
    if (token === undefined) return shaped('authorization_required', 'An active access token must be used.');
    return grants.judge(token).state === 'live' ? undefined : shaped('invalid_token', 'The OAuth2 token is invalid.');
  };
  const wpRefusal = (code: string, message: string) => json(401, { code, message, data: { status: 401 } });
  const rest = siteRoutes(site, (_site, call) =>
    tokenIn(call, 'Bearer') === undefined ? false : (refused(call, wpRefusal) ?? true),
  );

  const others = router(
    [
      route('GET', '/oauth2-1/authorize', consent.show),
      route('POST', '/oauth2-1/authorize', consent.decide),
      route('POST', '/oauth2-1/token', endpoints.token),
      route('POST', '/oauth2-1/revoke', endpoints.revoke),
      route('GET', '/rest/v1.1/me', (call) => {
        const problem = refused(call, (error, message) => json(401, { error, message }));
        return (
          problem ??
          json(200, {
            ID: Number(ACCOUNT.id),
            display_name: ACCOUNT.name,
            username: USER.login,
            email: USER.email,
            primary_blog: Number(BLOG.id),
          })
        );
      }),
    ],
    () => json(404, { error: 'unknown_path', message: 'Unknown path' }),
  );
  const handle: Handler = (call, ...params) => {
    const [, blog, rest_ = ''] = /^\/wp\/v2\/sites\/([^/]+)(\/.*)?$/.exec(call.path) ?? [];
    if (blog === undefined) return others(call, ...params);
    if (blog === ANOTHER) return json(403, { code: 'unauthorized', message: 'User cannot access this private blog.' });
    if (blog !== BLOG.id && blog !== BLOG.domain) return json(404, { code: 'unknown_blog', message: 'Unknown blog' });
    if (records.limiter.take()?.ok === false) return json(429, { code: 'too_many_requests', message: 'Slow down.' });
    return rest({ ...call, path: `/wp-json/wp/v2${rest_}`, base: `https://${BLOG.domain}` }, ...params);
  };

  return {
    handle,
    oauth: createOAuthControl(issuer, { accounts: [ACCOUNT], scopes: ['global'], answer: tokens }),
    now: issuer.clock.now,
    records: records.control,
  };
}
