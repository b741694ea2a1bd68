import { randomUUID } from 'node:crypto';
import cors from '@koa/cors';
import Router from '@koa/router';
import Koa from 'koa';
import type { Context, Middleware } from 'koa';
import helmet from 'koa-helmet';
import { Fault } from '../ports/errors.ts';
import { CODEC_PATH, TENANT_HEADER } from './authenticate.ts';
import type { ApiDeps, ApiSettings } from './deps.ts';
import { connectPage } from './connect-page.ts';
import { docsPage } from './docs.ts';
import { toAnswer, toFault } from './faults.ts';
import { hookDoor } from './hooks.ts';
import { openApi } from './openapi.ts';
import type { Route } from './route.ts';
import { logFault, serve } from './serve.ts';

const REQUEST_ID = /^[\w-]{8,64}$/;

const requestIds =
  ({ accepting }: ApiDeps): Middleware =>
  async (ctx, next) => {
    const given = ctx.get('X-Request-Id');
    ctx.state.requestId = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.set('X-Request-Id', String(ctx.state.requestId));
    await next();
    // A process that stops lets go of connections as their requests end.
    if (!accepting()) ctx.set('Connection', 'close');
  };

const problems =
  (deps: ApiDeps): Middleware =>
  async (ctx, next) => {
    const requestId = String(ctx.state.requestId);
    try {
      await next();
    } catch (error) {
      const fault = toFault(error);
      if (fault.code === 'internal') logFault(deps, ctx, requestId, fault.cause);
      const { status, headers, body } = toAnswer(fault, requestId);
      ctx.status = status;
      ctx.set(headers);
      ctx.body = body;
    }
  };

const securityHeaders = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
});

/** Portals may call everything but the codec, and the Temporal UI the codec alone. */
const portals = ({ portalOrigins, temporalUiOrigin }: ApiSettings) =>
  cors({
    origin: (ctx) => {
      const isCodec = ctx.path.startsWith(`${CODEC_PATH}/`);
      const allowed = isCodec ? [temporalUiOrigin] : portalOrigins;
      return allowed.includes(ctx.get('Origin')) ? ctx.get('Origin') : '';
    },
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'Last-Event-ID',
      'Prefer',
      TENANT_HEADER,
      'X-Namespace',
    ],
    exposeHeaders: ['Location', 'X-Request-Id', 'Retry-After', 'Idempotent-Replayed', 'Preference-Applied'],
    credentials: true,
    maxAge: 600,
  });

/** Nothing answered: the path is unknown, or it is known and does not take this method. */
const nothingHere = (ctx: Context, routes: Router): never => {
  const methods = routes.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods);
  if (methods.length === 0) throw new Fault('not_found', 'There is nothing here.');
  ctx.set('Allow', [...new Set(methods)].join(', '));
  throw new Fault('method_not_allowed', `${ctx.method} is not taken here.`);
};

/** The whole API as a Koa application; it listens nowhere. */
export const createApp = (routes: Route[], deps: ApiDeps): Koa => {
  const router = new Router();
  for (const route of routes) router.register(route.path, [route.method], serve(route, deps));
  const document = openApi(routes, deps.settings.publicUrl);
  router.get('/openapi.json', (ctx) => {
    ctx.body = document;
  });
  docsPage(router);
  connectPage(router, deps.settings);
  hookDoor(router, deps);

  const app = new Koa();
  app.on('error', (err: unknown) => deps.log.warn({ err }, 'a response could not be finished'));
  app.use(requestIds(deps));
  app.use(securityHeaders);
  app.use(problems(deps));
  app.use(portals(deps.settings));
  app.use(router.routes());
  app.use((ctx) => nothingHere(ctx, router));
  return app;
};
