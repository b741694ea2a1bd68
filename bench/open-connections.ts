import { randomUUID } from 'node:crypto';
import type { OpenPorts } from '../adapters/index.ts';
import { ConnectionId, Email, TenantId } from '../ports/ids.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import { connection } from '../workflows/connection.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import { askEmulator } from './emulator.ts';
import { newSlug } from './operations.ts';
import type { Product } from './product.ts';

export const HOUR_MS = 3_600_000;

export interface Opened {
  tenantId: TenantId;
  connectionId: ConnectionId;
  workflowId: string;
}

export const control = (product: Product, what: string, body?: object) =>
  askEmulator(product, `oauth/hubspot/${what}`, body);

export const aTenant = async ({ tenants }: OpenPorts): Promise<TenantId> => {
  const id = TenantId.parse(randomUUID());
  const slug = newSlug();
  await tenants.reserve(id, { name: slug, slug, ownerEmail: Email.parse(`o@${slug}.example`), plan: 'starter' });
  return id;
};

/** A connection that works, as one is in the middle of its life. */
export const open = async (
  { connections, connectors, secrets, temporal }: OpenPorts,
  product: Product,
  tenantId: TenantId,
): Promise<Opened> => {
  const connectionId = ConnectionId.parse(randomUUID());
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const granted = await control(product, 'grant', {});
  const expiresAt = new Date(Date.now() + HOUR_MS).toISOString();
  const values = {
    access_token: String(granted['accessToken']),
    refresh_token: String(granted['refreshToken']),
    expiresAt,
  };
  await connections.create(tenantId, { id: connectionId, connectorId: 'hubspot', sync: [] });
  const path = connectionSecretPath(tenantId, connectionId);
  const secretVersion = await secrets.put(path, 0, values, { class: 'oauth_tokens', createdBy: 'bench' });
  await connections.change(tenantId, connectionId, {
    ...{ state: 'healthy', authMethod: connectors.method('hubspot').id, secretVersion, tokenExpiresAt: expiresAt },
  });
  await startWorkflow(temporal.client, { tenantId, connectionId, workflowId }, secretVersion, expiresAt);
  return { tenantId, connectionId, workflowId };
};

/** Begins in the middle of its life, as a run does that goes on after another. */
export const startWorkflow = (
  { workflow }: OpenPorts['temporal']['client'],
  { tenantId, connectionId, workflowId }: Opened,
  secretVersion: number,
  tokenExpiresAt: string,
) =>
  workflow.start(connection, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [
      {
        ...{ tenantId, connectionId, connectorId: 'hubspot', sync: [], notify: null },
        carried: {
          view: {
            ...{ state: 'healthy', reason: null, accountName: 'bench', missingScopes: [] },
            ...{ secretVersion, tokenExpiresAt },
          },
          ...{ handledStates: [], tokenSinceMs: Date.now() },
        },
      },
    ],
    typedSearchAttributes: searchAttributes({
      tenantId,
      operation: 'connection',
      connectorId: 'hubspot',
      connectionId,
    }),
  });
