import { z } from 'zod';
import { OAuthApp } from '../../ports/oauth-apps.ts';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM, Text } from '../../ports/ids.ts';
import { oauthAppSecretPath } from '../../ports/secrets.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { redirectUriOf } from '../oauth/redirect-uri.ts';
import { connectorNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { verifyStaged } from '../verify.ts';

const URIS_MAX = 10;

const AppInfo = OAuthApp.extend({
  redirectUri: z.url().meta({ description: 'What to register at the vendor.' }),
}).meta({ id: 'OAuthAppInfo' });

const AppWanted = z
  .strictObject({
    clientId: Text.min(1).max(500),
    clientSecret: Text.min(1).max(4096),
    redirectUris: z.array(z.url().max(500)).min(1).max(URIS_MAX),
    scopes: z.array(z.string().min(1).max(200)).max(100).nullable().default(null),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'OAuthAppWanted' });

const Tested = z
  .strictObject({
    ok: z.literal(true),
    tested: z.boolean().meta({ description: 'False where the vendor offers no such question.' }),
  })
  .meta({ id: 'OAuthAppTest' });

const params = z.strictObject({ connector: z.string().max(60) });

export const oauthAppRoutes = (deps: ApiDeps): Route[] => {
  const { ports, settings } = deps;
  const shown = (app: OAuthApp) => ({ ...app, redirectUri: redirectUriOf(settings.publicUrl, app.connectorId) });
  const kept = async (connectorId: string): Promise<OAuthApp> => {
    const app = await ports.oauthApps.get(connectorId);
    if (app === null) throw new Fault('not_found', `No app of the platform at ${connectorId} is kept here.`);
    return app;
  };
  return [
    route({
      method: 'get',
      path: '/oauth/apps',
      summary: 'The platform’s applications at vendors, and which of them a vendor refuses',
      may: 'manageOAuthApps',
      within: 'person',
      reply: { status: 200, schema: z.strictObject({ data: z.array(AppInfo), nextCursor: z.null() }) },
      handle: async () => ({ data: (await ports.oauthApps.list()).map(shown), nextCursor: null }),
    }),
    route({
      method: 'get',
      path: '/oauth/apps/:connector',
      summary: 'One application; its secret is never shown',
      may: 'manageOAuthApps',
      within: 'person',
      params,
      reply: { status: 200, schema: AppInfo },
      handle: async ({ params: { connector } }) => shown(await kept(connectorNamed(deps, connector).id)),
    }),
    route({
      method: 'post',
      path: '/oauth/apps/:connector',
      summary: 'Keep an application: asked of the vendor first, kept only when it is known there',
      may: 'manageOAuthApps',
      within: 'person',
      params,
      body: AppWanted,
      reply: { status: 200, schema: AppInfo },
      async handle({ params: { connector }, body, principal }) {
        const { id: connectorId } = connectorNamed(deps, connector);
        const { clientSecret, ...app } = body;
        const by = { scope: PLATFORM, actor: principal.userId } as const;
        await verifyStaged(deps, by, { client_secret: clientSecret }, (staged) => ({
          kind: 'oauth_app',
          connectorId,
          app,
          staged,
          keep: true,
        }));
        return shown(await kept(connectorId));
      },
    }),
    route({
      method: 'post',
      path: '/oauth/apps/:connector/test',
      summary: 'Ask the vendor whether it still knows the application that is kept',
      may: 'manageOAuthApps',
      within: 'person',
      params,
      reply: { status: 200, schema: Tested },
      async handle({ params: { connector }, principal }) {
        const { connectorId, ...app } = await kept(connectorNamed(deps, connector).id);
        const secret = await ports.secrets.read(oauthAppSecretPath(connectorId));
        const { clientId, redirectUris, scopes, enabled } = app;
        const by = { scope: PLATFORM, actor: principal.userId } as const;
        const { tested } = await verifyStaged(deps, by, secret?.values ?? {}, (staged) => ({
          kind: 'oauth_app',
          connectorId,
          app: { clientId, redirectUris, scopes, enabled },
          staged,
          keep: false,
        }));
        return { ok: true, tested };
      },
    }),
    route({
      method: 'post',
      path: '/oauth/apps/:connector/remove',
      summary: 'Forget an application; what was connected through it can no longer be renewed',
      may: 'manageOAuthApps',
      within: 'person',
      params,
      reply: { status: 200, schema: z.strictObject({ connectorId: z.string() }) },
      async handle({ params: { connector }, principal, ctx }) {
        const { id: connectorId } = connectorNamed(deps, connector);
        await ports.oauthApps.remove(connectorId);
        await ports.secrets.destroy(oauthAppSecretPath(connectorId));
        await auditLine(deps, ctx, PLATFORM, {
          actor: principal.userId,
          action: 'oauth_app.removed',
          resourceType: 'oauth_app',
          resourceId: connectorId,
        });
        return { connectorId };
      },
    }),
  ];
};
