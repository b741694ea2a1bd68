import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { TenantId } from '../../ports/ids.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const params = z.strictObject({ id: TenantId });

/** The tenant in the path is the one that the call acts in. */
const refuseOther = (named: TenantId, tenantId: TenantId): void => {
  if (named !== tenantId) throw new Fault('not_found', 'There is no such tenant.');
};

export const tenantSettingsRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/tenants/:id/settings',
    summary: 'What the tenant decided for itself, with the defaults where it did not',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    reply: { status: 200, schema: TenantSettings },
    async handle({ params: { id }, tenantId }) {
      refuseOther(id, tenantId);
      return deps.ports.tenantSettings.get(tenantId);
    },
  }),
  route({
    method: 'put',
    path: '/tenants/:id/settings',
    summary:
      'Decide what changes need an approval, how large files may be, which hosts agents reach, and where the tenant’s own store is',
    description: 'All of it: what is left out takes its default. A store is asked before it is chosen.',
    may: 'manageIntegrations',
    within: 'tenant',
    params,
    body: TenantSettings,
    reply: { status: 200, schema: TenantSettings },
    async handle({ params: { id }, body, tenantId, principal, ctx }) {
      refuseOther(id, tenantId);
      if (body.store !== null) await deps.ports.objects.tryStore(tenantId, body.store);
      await deps.ports.tenantSettings.put(tenantId, body);
      await auditLine(deps, ctx, tenantId, {
        actor: principal.userId,
        action: 'tenant_settings.changed',
        resourceType: 'tenant',
        resourceId: tenantId,
        metadata: {
          approvalsFor: body.writeApprovals.kinds.join(' '),
          uploadBytesMax: body.uploadBytesMax,
          agentHosts: body.agentHosts.join(' '),
          store: body.store === null ? null : `${body.store.connectionId}/${body.store.bucket}/${body.store.prefix}`,
        },
      });
      return body;
    },
  }),
];
