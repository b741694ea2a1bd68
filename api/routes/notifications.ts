import { Notification } from '../../ports/runs.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

export const notificationRoutes = ({ ports }: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/notifications',
    summary: 'The caller’s inbox in this tenant',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Notification) },
    async handle({ query, tenantId, principal }) {
      return paginate(await ports.notifier.inbox(tenantId, principal.userId), query, ({ id }) => id);
    },
  }),
];
