import { AuditEntry } from '../../ports/audit.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

export const auditRoutes = ({ ports }: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/audit',
    summary: 'Who did what, append-only: the tenant’s own log, or the platform’s',
    may: 'viewAudit',
    within: 'scope',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(AuditEntry) },
    handle: ({ query, scope }) => ports.audit.list(scope, query),
  }),
];
