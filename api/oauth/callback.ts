import type { Context } from 'koa';
import { z } from 'zod';
import type { OAuthTransaction } from '../../ports/connections.ts';
import { FAULTS } from '../../ports/errors.ts';
import type { Fault } from '../../ports/errors.ts';
import type { ApiDeps } from '../deps.ts';
import { toFault } from '../faults.ts';
import { Nothing, route } from '../route.ts';
import type { Route } from '../route.ts';
import { logFault } from '../serve.ts';
import { answerOf } from './answer.ts';
import { returnOfBrowser } from './browser.ts';
import { completeAuthorization } from './complete.ts';
import { showPage } from './page.ts';
import { returnPath } from './return-path.ts';

/** For the connect page only, which shows it and forgets it: what went wrong, by a way that no link can forge. */
const TROUBLE = 'biz_connect_trouble';

export type CallbackPath = '/oauth/callback' | '/oauth/callback/:connector';

export const callbackParams = (path: CallbackPath) =>
  path === '/oauth/callback' ? Nothing : z.strictObject({ connector: z.string().max(60) });

const sendBack = (ctx: Context, path: string): void => {
  ctx.body = null;
  ctx.status = 303;
  ctx.set('Location', path);
};

const tellConnectPage = (ctx: Context, { code, message: detail }: Fault, publicUrl: string): void => {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  const value = Buffer.from(JSON.stringify({ code, detail })).toString('base64url');
  ctx.append('Set-Cookie', `${TROUBLE}=${value}; Path=/connect; Max-Age=60; SameSite=Lax${secure}`);
};

/** A browser that a vendor sends back is shown a page; anything else gets the problem as everywhere. */
export const callback = (deps: ApiDeps, path: CallbackPath): Route =>
  route({
    method: 'get',
    path,
    summary: 'Where a vendor sends the browser back to',
    description: 'Takes every parameter that the vendor sends. It must be the address that the vendor was given.',
    may: 'public',
    within: 'nobody',
    params: callbackParams(path),
    query: z.record(z.string(), z.unknown()),
    reply: { status: 200, type: 'text/html' },
    async handle({ query, ctx, requestId }) {
      ctx.set('Cache-Control', 'no-store');
      const { publicUrl } = deps.settings;
      let returnTo = '';
      const browser = {
        actor: 'browser',
        began: ({ stateHash, browserHash }: OAuthTransaction) => {
          const way = returnOfBrowser(ctx, stateHash, browserHash);
          returnTo = way ?? '';
          return way !== null;
        },
      };
      try {
        const { view } = await completeAuthorization(deps, ctx, answerOf(query), browser);
        if (returnTo !== '') return sendBack(ctx, returnPath(returnTo, publicUrl));
        const message = `${view.accountName ?? 'The account'} is connected. You can close this page.`;
        return showPage(ctx, 200, { title: 'Connected', message, outcome: 'good' });
      } catch (error) {
        if (ctx.accepts('json', 'html') !== 'html') throw error;
        const fault = toFault(error);
        if (fault.code === 'internal') logFault(deps, ctx, requestId, fault.cause);
        if (returnTo.startsWith('/connect')) {
          tellConnectPage(ctx, fault, publicUrl);
          return sendBack(ctx, returnPath(returnTo, publicUrl));
        }
        return showPage(ctx, FAULTS[fault.code].status, {
          title: 'Not connected',
          message: fault.message,
          outcome: 'bad',
        });
      }
    },
  });
