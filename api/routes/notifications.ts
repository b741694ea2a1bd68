import { Notification } from '../../ports/notifications.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

export const notificationRoutes = ({ ports }: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/notifications',
    summary: 'The caller’s inbox in this tenant; of a platform role without one, the platform’s',
    may: 'viewDashboard',
    within: 'scope',
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Notification) },
    async handle({ query, scope, principal }) {
      return paginate(await ports.notifier.inbox(scope, principal.userId), query, ({ id }) => id);
    },
  }),
];
