import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM, Text } from '../../ports/ids.ts';
import type { Scope } from '../../ports/ids.ts';
import { webhookSecretPath } from '../../ports/secrets.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { WebhookEndpoint, WebhookEvent } from '../../ports/webhooks.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { hookUrl } from '../hooks.ts';
import { pageOf, paginate } from '../paging.ts';
import { connectionNamed, connectorNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { idFor } from '../start-operation.ts';
import { keepPrevious, newProofs } from '../webhook-proofs.ts';

const Shown = WebhookEndpoint.extend({
  url: z.url().meta({ description: 'What to enter at the vendor.' }),
  setUp: z.string().meta({ description: 'What a person does there.' }),
}).meta({ id: 'WebhookEndpointInfo' });

const Added = Shown.extend({
  secret: z.string().nullable().meta({
    description: 'Shown this once, where the vendor takes a secret from us; null: the vendor’s application signs.',
  }),
  verifyToken: z.string().nullable().meta({ description: 'Shown this once, where the vendor sends one back first.' }),
}).meta({ id: 'WebhookEndpointAdded' });

const NewEndpoint = z
  .strictObject({
    connection: z
      .string()
      .max(60)
      .optional()
      .meta({ description: 'A connection’s id, or a connector: the tenant’s default connection to it.' }),
    connector: z
      .string()
      .max(60)
      .optional()
      .meta({ description: 'Platform roles without a tenant: for all accounts of the platform’s application there.' }),
  })
  .meta({ id: 'NewWebhookEndpoint' });

const Secret = z.strictObject({ secret: Text.min(8).max(4096) }).meta({
  id: 'WebhookSecret',
  description: 'What the vendor signs with here, where it or a person chose another one.',
});

const params = z.strictObject({ id: z.uuid() });

const missing = (path: string, message: string) =>
  new Fault('invalid_request', 'The endpoint is not complete.', { fields: [{ path, message }] });

/** Whose events are meant: one connection's, or those of the platform's application. */
const wanted = async (deps: ApiDeps, scope: Scope, { connection, connector }: z.infer<typeof NewEndpoint>) => {
  if (scope === PLATFORM) {
    if (connection !== undefined) throw missing('connection', 'belongs to a tenant; say which by X-Tenant-Id');
    if (connector === undefined) throw missing('connector', 'is missing');
    const { id: connectorId } = connectorNamed(deps, connector);
    return { connectorId, connectionId: null, accountId: null, about: deps.ports.webhooks.info(connectorId) };
  }
  if (connector !== undefined) throw missing('connector', 'is for the platform’s own applications; say `connection`');
  if (connection === undefined) throw missing('connection', 'is missing');
  const { id: connectionId, connectorId, settings } = await connectionNamed(deps, scope, connection);
  const about = deps.ports.webhooks.info(connectorId);
  const accountId = about.accountSetting === null ? null : (settings[about.accountSetting] ?? null);
  if (about.accountSetting !== null && accountId === null) {
    throw new Fault('not_connected', 'Connect this system first: whose events are meant is not known before.');
  }
  return { connectorId, connectionId, accountId, about };
};

export const webhookEndpointRoutes = (deps: ApiDeps): Route[] => {
  const { ports, settings } = deps;
  const shown = (endpoint: WebhookEndpoint) => ({
    ...endpoint,
    url: hookUrl(settings.publicUrl, endpoint),
    setUp: ports.webhooks.info(endpoint.connectorId).setUp,
  });
  const line = (action: string, id: string, actor: string) => ({
    actor,
    action,
    resourceType: 'webhook_endpoint',
    resourceId: id,
  });

  return [
    route({
      method: 'get',
      path: '/webhook-endpoints',
      summary: 'Where vendors send their webhooks, and how many of which kind came',
      may: 'manageIntegrations',
      within: 'scope',
      query: PageQuery,
      reply: { status: 200, schema: pageOf(Shown) },
      async handle({ query, scope }) {
        const page = paginate(await ports.webhookInbox.list(scope), query, ({ id }) => id);
        return { ...page, data: page.data.map(shown) };
      },
    }),
    route({
      method: 'post',
      path: '/webhook-endpoints',
      summary: 'A new URL for a vendor’s webhooks, and what to do with it there',
      may: 'manageIntegrations',
      within: 'scope',
      body: NewEndpoint,
      reply: { status: 201, schema: Added, secret: true },
      async handle({ body, scope, principal, onceKey, ctx }) {
        const { about, ...whose } = await wanted(deps, scope, body);
        const endpoint = await ports.webhookInbox.create(scope, { id: idFor(onceKey, 'webhook endpoint'), ...whose });
        const { values, shown: once } = newProofs(about);
        const path = webhookSecretPath(scope, endpoint.id);
        // Into our own store, as the whole write is: no outside system learns of it, so no workflow has to undo it.
        if (Object.keys(values).length > 0) {
          const meta = { class: 'credential' as const, createdBy: principal.userId };
          await ports.secrets.put(path, (await ports.secrets.read(path))?.version ?? 0, values, meta);
        }
        await auditLine(deps, ctx, scope, line('webhook_endpoint.added', endpoint.id, principal.userId));
        ctx.set('Location', '/api/v1/webhook-endpoints');
        return { ...shown(endpoint), ...once };
      },
    }),
    route({
      method: 'put',
      path: '/webhook-endpoints/:id/secret',
      summary: 'Keep what the vendor signs with here; the one before is taken for three days more',
      may: 'manageIntegrations',
      within: 'scope',
      params,
      body: Secret,
      reply: { status: 200, schema: Shown },
      async handle({ params: { id }, body: { secret }, scope, principal, ctx }) {
        const endpoint = await ports.webhookInbox.get(scope, id);
        const path = webhookSecretPath(scope, id);
        const current = await ports.secrets.read(path);
        const values = keepPrevious(current?.values ?? {}, secret);
        const meta = { class: 'credential' as const, createdBy: principal.userId };
        await ports.secrets.put(path, current?.version ?? 0, values, meta);
        await auditLine(deps, ctx, scope, line('webhook_endpoint.secret_kept', id, principal.userId));
        return shown(endpoint);
      },
    }),
    ...(['enable', 'disable'] as const).map((name) =>
      route({
        method: 'post',
        path: `/webhook-endpoints/:id/${name}`,
        summary: name === 'enable' ? 'Take what comes again' : 'Answer as if it were not there',
        may: 'manageIntegrations',
        within: 'scope',
        params,
        reply: { status: 200, schema: Shown },
        async handle({ params: { id }, scope, principal, ctx }) {
          const endpoint = await ports.webhookInbox.enable(scope, id, name === 'enable');
          await auditLine(deps, ctx, scope, line(`webhook_endpoint.${name}d`, id, principal.userId));
          return shown(endpoint);
        },
      }),
    ),
    route({
      method: 'get',
      path: '/webhook-endpoints/:id/events',
      summary: 'What came, newest first, and what became of it',
      may: 'manageIntegrations',
      within: 'scope',
      params,
      query: PageQuery,
      reply: { status: 200, schema: pageOf(WebhookEvent) },
      async handle({ params: { id }, query, scope }) {
        await ports.webhookInbox.get(scope, id);
        return ports.webhookInbox.events(scope, id, query);
      },
    }),
    route({
      method: 'delete',
      path: '/webhook-endpoints/:id',
      summary: 'Remove an endpoint, its secret and what came to it',
      may: 'manageIntegrations',
      within: 'scope',
      params,
      reply: { status: 200, schema: z.strictObject({ id: z.uuid() }).meta({ id: 'WebhookEndpointRemoved' }) },
      async handle({ params: { id }, scope, principal, ctx }) {
        await ports.webhookInbox.get(scope, id);
        await ports.webhookInbox.remove(scope, id);
        await ports.secrets.destroy(webhookSecretPath(scope, id));
        await auditLine(deps, ctx, scope, line('webhook_endpoint.removed', id, principal.userId));
        return { id };
      },
    }),
  ];
};
