import { z } from 'zod';
import { ConnectionEvent } from '../../ports/connections.ts';
import type { Connection } from '../../ports/connections.ts';
import type { TenantId, UserId } from '../../ports/ids.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { disableUpdate, disconnectUpdate, enableUpdate, testUpdate } from '../../workflows/lib/connection-messages.ts';
import { ConnectionStatus, statusOf } from '../connection-info.ts';
import { Connect, connectByFields, checkedFields, Credential, Fields } from '../connect.ts';
import type { ApiDeps } from '../deps.ts';
import { ensureConnection } from '../ensure-connection.ts';
import { Impact, impactOf } from '../impact.ts';
import { pageOf } from '../paging.ts';
import { connectionNamed, connectorOf } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { updateConnection } from '../update-connection.ts';
import { verifyStaged } from '../verify.ts';

const Tested = z
  .strictObject({ ok: z.literal(true), accountId: z.string(), accountName: z.string() })
  .meta({ id: 'ConnectionTest' });

const params = z.strictObject({ id: z.string().max(60) });

const CHANGES = {
  disconnect: {
    definition: disconnectUpdate,
    summary:
      'Disconnect: revoke at the provider, delete the secret, stop the syncs; the reason says what could not be done',
  },
  disable: { definition: disableUpdate, summary: 'Rest: nothing is asked of the system until it is enabled again' },
  enable: { definition: enableUpdate, summary: 'Go on after a rest' },
} as const;

/** What stands now, as the row that the workflow has just written says. */
const now = async ({ ports }: ApiDeps, tenantId: TenantId, { id }: Connection): Promise<ConnectionStatus> =>
  statusOf(await ports.connections.get(tenantId, id));

const change = (deps: ApiDeps, base: string, name: keyof typeof CHANGES): Route =>
  route({
    method: 'post',
    path: `${base}/:id/${name}`,
    summary: CHANGES[name].summary,
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    reply: { status: 200, schema: ConnectionStatus },
    async handle({ params: { id }, tenantId, principal, onceKey }) {
      const connection = await connectionNamed(deps, tenantId, id);
      await updateConnection(deps, connection, CHANGES[name].definition, [{ actor: principal.userId }], onceKey);
      return now(deps, tenantId, connection);
    },
  });

const connect = (deps: ApiDeps, base: string): Route =>
  route({
    method: 'post',
    path: `${base}/:id/connect`,
    summary: 'Connect by credential: tested against the system before it is kept',
    description: 'Under a connector’s name the tenant’s default connection is meant; it is made when there is none.',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    body: Connect,
    reply: { status: 200, schema: ConnectionStatus },
    async handle({ params: { id }, body, tenantId, principal, onceKey }) {
      const connection = await ensureConnection(
        deps,
        tenantId,
        id,
        (connectorId) => void checkedFields(deps, connectorId, body, 'form'),
      );
      await connectByFields(deps, connection, body, { actor: principal.userId, onceKey });
      return now(deps, tenantId, connection);
    },
  });

const testKept = async (deps: ApiDeps, tenantId: TenantId, connection: Connection, onceKey: string | null) => {
  await updateConnection(deps, connection, testUpdate, [], onceKey);
  const { settings } = await deps.ports.connections.get(tenantId, connection.id);
  return { accountId: settings['accountId'] ?? '', accountName: settings['accountName'] ?? '' };
};

const testGiven = async (
  deps: ApiDeps,
  by: { scope: TenantId; actor: UserId },
  connectorId: string,
  given: z.infer<typeof Credential>,
) => {
  const { methodId, secret, settings } = checkedFields(deps, connectorId, given, 'form');
  const { account } = await verifyStaged(deps, by, secret, (staged) => ({
    kind: 'credential',
    connectorId,
    methodId,
    settings,
    staged,
  }));
  return account ?? { accountId: '', accountName: '' };
};

const test = (deps: ApiDeps, base: string): Route =>
  route({
    method: 'post',
    path: `${base}/:id/test`,
    summary: 'Test by a real call: what is kept, or the fields that are sent',
    description: 'A test of what is kept moves the connection’s state. Fields that are sent are tested and forgotten.',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    body: Credential.extend({ fields: Fields.optional() }).meta({ id: 'CredentialTest' }),
    reply: { status: 200, schema: Tested },
    async handle({ params: { id }, body: { method, fields }, tenantId, principal, onceKey }) {
      const account =
        fields === undefined
          ? await testKept(deps, tenantId, await connectionNamed(deps, tenantId, id), onceKey)
          : await testGiven(deps, { scope: tenantId, actor: principal.userId }, await connectorOf(deps, tenantId, id), {
              method,
              fields,
            });
      return { ok: true, accountId: account.accountId, accountName: account.accountName };
    },
  });

/** The routes of one connection, named by its own id or by its connector. */
export const oneConnectionRoutes = (deps: ApiDeps, base: '/connections' | '/connectors'): Route[] => [
  route({
    method: 'get',
    path: `${base}/:id/status`,
    summary: 'State of a connection, and why',
    may: 'viewDashboard',
    within: 'tenant',
    params,
    reply: { status: 200, schema: ConnectionStatus },
    handle: async ({ params: { id }, tenantId }) => statusOf(await connectionNamed(deps, tenantId, id)),
  }),
  connect(deps, base),
  change(deps, base, 'disconnect'),
  change(deps, base, 'disable'),
  change(deps, base, 'enable'),
  test(deps, base),
  route({
    method: 'get',
    path: `${base}/:id/events`,
    summary: 'Every change of its state, newest first',
    may: 'viewDashboard',
    within: 'tenant',
    params,
    query: PageQuery,
    reply: { status: 200, schema: pageOf(ConnectionEvent) },
    async handle({ params: { id }, query, tenantId }) {
      const connection = await connectionNamed(deps, tenantId, id);
      return deps.ports.connections.events(tenantId, connection.id, query);
    },
  }),
  route({
    method: 'get',
    path: `${base}/:id/impact`,
    summary: 'What depends on a connection, and what becomes of it when the connection dies',
    may: 'viewDashboard',
    within: 'tenant',
    params,
    reply: { status: 200, schema: Impact },
    handle: async ({ params: { id }, tenantId }) => impactOf(deps, tenantId, await connectionNamed(deps, tenantId, id)),
  }),
];
