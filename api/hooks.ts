import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { Fault } from '../ports/errors.ts';
import type { EndpointRef, WebhookDelivery } from '../ports/webhooks.ts';
import { readRaw } from './body.ts';
import type { ApiDeps } from './deps.ts';

/** What a vendor is given, and what some of them sign: made of our own settings, whatever a request's headers say. */
export const hookUrl = (publicUrl: string, { connectorId, id }: Pick<EndpointRef, 'connectorId' | 'id'>): string =>
  `${publicUrl}/api/v1/hooks/${connectorId}/${id}`;

const EndpointId = z.uuid();

/** The same for an endpoint that never was, that is switched off, and that is another connector's. */
const nobody = () => new Fault('not_found', 'There is nothing here.');

const named = async ({ ports }: ApiDeps, { connector, endpoint }: Record<string, string>): Promise<EndpointRef> => {
  const { data: id } = EndpointId.safeParse(endpoint);
  const found = id === undefined ? null : await ports.webhookInbox.find(id);
  if (found?.connectorId !== connector) throw nobody();
  return found as EndpointRef;
};

const headersOf = (ctx: Context): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ctx.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );

const deliveryOf = async (ctx: Context, url: string): Promise<WebhookDelivery> => ({
  method: ctx.method,
  url,
  headers: headersOf(ctx),
  query: Object.fromEntries(new URLSearchParams(ctx.querystring)),
  body: ctx.method === 'POST' ? await readRaw(ctx) : new Uint8Array(),
});

const answer = (ctx: Context, status: number, type: string, body: string): void => {
  ctx.set('Cache-Control', 'no-store');
  ctx.status = status;
  ctx.type = type;
  ctx.body = body;
};

/**
 * Where vendors knock: no login, the signature is the proof. The raw bytes are judged before anything reads them, and a 200 is
 * said only once the delivery stands in the database. What follows from it is not waited for: vendors give up after seconds.
 */
export const hookDoor = (router: Router, deps: ApiDeps): void => {
  const { ports, settings, log } = deps;
  const receive = async (ctx: Context): Promise<void> => {
    const endpoint = await named(deps, ctx.params as Record<string, string>);
    const received = await ports.webhooks.receive(
      endpoint,
      await deliveryOf(ctx, hookUrl(settings.publicUrl, endpoint)),
    );
    if (received.kind === 'answer') return answer(ctx, received.status, received.type, received.body);
    const { scope, id } = endpoint;
    const added = await ports.webhookInbox.put(endpoint, received.kept, received.events);
    answer(ctx, 200, 'text/plain', '');
    if (added === 0) return;
    ports.workflows.wakeInbox(scope, id).catch((err: unknown) => {
      log.warn({ err, endpoint: id }, 'an inbox could not be woken; the next sweep does it');
    });
  };
  router.register('/api/v1/hooks/:connector/:endpoint', ['get', 'head', 'post'], receive);
};
