import { z } from 'zod';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import { Fault } from '../../ports/errors.ts';
import type { FieldError } from '../../ports/errors.ts';
import { PLATFORM, TenantId } from '../../ports/ids.ts';
import { onboardTenantId } from '../../ports/operations.ts';
import { Operation } from '../../ports/runs.ts';
import { OpenTenant, PageQuery, Tenant } from '../../ports/tenants.ts';
import { onboardTenant } from '../../workflows/onboard-tenant.ts';
import { isPlatformRole } from '../access.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { idFor, startOperation } from '../start-operation.ts';
import { wrongChoices } from '../sync-choices.ts';

const DAY_MS = 86_400_000;

/** The owner decides; nobody within a week means no. */
const ONBOARDING_APPROVAL: ApprovalPolicy = {
  roles: ['tenant_admin'],
  remindAfterMs: 2 * DAY_MS,
  deadlineMs: 7 * DAY_MS,
  onDeadline: 'reject',
};

const SYNC_EVERY_MS = 60 * 60 * 1000;

/** What a schema cannot know: which connectors there are, and which of their streams a sink can take. */
const refuseUnknown = ({ ports }: ApiDeps, { connectors }: OpenTenant): void => {
  const known = new Map(ports.connectors.list().map((info) => [info.id, info]));
  const unknown: FieldError[] = [];
  const wrong: FieldError[] = [];
  connectors.forEach(({ connector, sync }, index) => {
    const path = `connectors.${index}`;
    const info = known.get(connector);
    if (info === undefined) {
      unknown.push({ path: `${path}.connector`, message: `there is no connector ${connector}` });
      return;
    }
    if (connectors.findIndex((other) => other.connector === connector) !== index) {
      wrong.push({ path: `${path}.connector`, message: `${connector} is named twice` });
    }
    wrong.push(...wrongChoices(info, sync, `${path}.sync`));
  });
  if (unknown.length > 0) {
    throw new Fault('unknown_connector', 'A connector that is wanted does not exist.', {
      fields: [...unknown, ...wrong],
    });
  }
  if (wrong.length > 0) throw new Fault('invalid_request', 'The wanted syncs do not fit.', { fields: wrong });
};

export const tenantRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/tenants',
    summary: 'Onboard a tenant; watch the operation that Location names',
    may: 'tenantManagement',
    within: 'person',
    body: OpenTenant,
    reply: { status: 202, schema: Operation },
    async handle({ body, principal, onceKey, ctx }) {
      refuseUnknown(deps, body);
      const operation = await startOperation(deps, {
        kind: 'onboardTenant',
        work: onboardTenant,
        workflowId: onboardTenantId(body.slug),
        input: (operationId) => ({
          operationId,
          tenantId: TenantId.parse(idFor(onceKey, 'tenant')),
          startedBy: principal.userId,
          tenant: body,
          approvalPolicy: ONBOARDING_APPROVAL,
          syncEveryMs: SYNC_EVERY_MS,
        }),
        scope: PLATFORM,
        startedBy: principal.userId,
        onceKey,
        reuse: 'ALLOW_DUPLICATE_FAILED_ONLY',
        taken: new Fault('conflict', `The slug ${body.slug} is taken; choose another.`, {
          fields: [{ path: 'slug', message: 'is taken' }],
        }),
      });
      ctx.set('Location', `/api/v1/operations/${operation.id}`);
      return operation;
    },
  }),
  route({
    method: 'get',
    path: '/tenants',
    summary: 'All tenants',
    may: 'tenantManagement',
    within: 'person',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Tenant) },
    handle: ({ query }) => deps.ports.tenants.list(query),
  }),
  route({
    method: 'get',
    path: '/tenants/:id',
    summary: 'One tenant; tenant roles see their own',
    may: 'viewDashboard',
    within: 'person',
    params: z.strictObject({ id: TenantId }),
    reply: { status: 200, schema: Tenant },
    async handle({ params, principal }) {
      if (!isPlatformRole(principal.role) && principal.tenantId !== params.id) {
        throw new Fault('not_found', 'There is no such tenant.');
      }
      return deps.ports.tenants.get(params.id);
    },
  }),
];
