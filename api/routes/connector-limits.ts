import { z } from 'zod';
import { BudgetUse } from '../../ports/budgets.ts';
import { RateLimit } from '../../ports/connector-info.ts';
import { PLATFORM } from '../../ports/ids.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { connectorNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const LIMITS_MAX = 20;
const UNITS_MAX = 1e12;
const MONTH_SECONDS = 31 * 86_400;
/** The busiest come first; whoever looks for one connection asks for its health. */
const SHOWN_MAX = 200;

const RateLimitInForce = RateLimit.extend({
  by: z.enum(['manifest', 'admin']).meta({ description: 'Who says so: the vendor’s documents, or a platform admin.' }),
}).meta({ id: 'RateLimitInForce' });
type RateLimitInForce = z.infer<typeof RateLimitInForce>;

const RateLimitsWanted = z
  .strictObject({
    limits: z
      .array(
        RateLimit.extend({
          name: z.string().regex(/^[A-Za-z][\w-]{0,59}$/),
          units: z.number().positive().max(UNITS_MAX),
          perSeconds: z.number().positive().max(MONTH_SECONDS),
        }),
      )
      .max(LIMITS_MAX)
      .refine((limits) => new Set(limits.map(({ name }) => name)).size === limits.length, 'names a limit twice')
      .meta({ description: 'All that differ from the declared ones; none: the declared ones are in force.' }),
  })
  .meta({ id: 'RateLimitsWanted' });

const InForce = z.strictObject({ data: z.array(RateLimitInForce), nextCursor: z.null() });
const params = z.strictObject({ id: z.string().max(60) });

const inForce = async (deps: ApiDeps, id: string): Promise<RateLimitInForce[]> => {
  const { limits } = connectorNamed(deps, id);
  const set = await deps.ports.rateLimits.list(id);
  const declared = limits.filter(({ name }) => !set.some((one) => one.name === name));
  return [
    ...declared.map((limit) => ({ ...limit, by: 'manifest' as const })),
    ...set.map((limit) => ({ ...limit, by: 'admin' as const })),
  ];
};

const shareOf = ({ used, units }: BudgetUse): number => used / units;

export const connectorLimitRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/connectors/:id/limits',
    summary: 'How much may be asked of a system, and who says so',
    may: 'manageRateLimits',
    within: 'person',
    params,
    reply: { status: 200, schema: InForce },
    handle: async ({ params: { id } }) => ({ data: await inForce(deps, id), nextCursor: null }),
  }),
  route({
    method: 'put',
    path: '/connectors/:id/limits',
    summary: 'Set limits that go before those of the same name that the vendor documents',
    description: 'Every process keeps them within some seconds.',
    may: 'manageRateLimits',
    within: 'person',
    params,
    body: RateLimitsWanted,
    reply: { status: 200, schema: InForce },
    async handle({ params: { id }, body: { limits }, principal, ctx }) {
      connectorNamed(deps, id);
      await deps.ports.rateLimits.replace(id, limits);
      await auditLine(deps, ctx, PLATFORM, {
        actor: principal.userId,
        action: 'rate_limits.changed',
        resourceType: 'connector',
        resourceId: id,
        metadata: Object.fromEntries(
          limits.map((one) => [one.name, `${one.units} in ${one.perSeconds} s, ${one.scope}`]),
        ),
      });
      return { data: await inForce(deps, id), nextCursor: null };
    },
  }),
  route({
    method: 'get',
    path: '/connectors/:id/usage',
    summary: 'What is in use of each limit at this moment: the application’s first, then the busiest connections’',
    may: 'manageRateLimits',
    within: 'person',
    params,
    reply: { status: 200, schema: z.strictObject({ data: z.array(BudgetUse), nextCursor: z.null() }) },
    async handle({ params: { id } }) {
      const uses = await deps.ports.budgets.usage(connectorNamed(deps, id).id);
      const byShare = uses.toSorted((a, b) => shareOf(b) - shareOf(a));
      const common = byShare.filter(({ connectionId }) => connectionId === null);
      const own = byShare.filter(({ connectionId }) => connectionId !== null);
      return { data: [...common, ...own].slice(0, SHOWN_MAX), nextCursor: null };
    },
  }),
];
