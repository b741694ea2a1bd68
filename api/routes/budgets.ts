import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { Principal } from '../../ports/identity.ts';
import type { TenantId } from '../../ports/ids.ts';
import { planOf } from '../../ports/plans.ts';
import { spendScopes } from '../../ports/spending.ts';
import { isPlatformRole } from '../access.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const TENANT = 'tenant';
const micros = z.int().min(0);

const SubjectBudget = z
  .strictObject({
    subject: z.string().meta({ description: '`tenant`, or an agent’s id.' }),
    decided: micros.nullable().meta({ description: 'What was decided for every month; null: the plan’s, or none.' }),
    limitMicros: micros.nullable().meta({ description: 'Of this month; null: counted, not limited.' }),
    reservedMicros: micros,
    spentMicros: micros,
  })
  .meta({ id: 'SubjectBudget' });
type SubjectBudget = z.infer<typeof SubjectBudget>;

const Budgets = z
  .strictObject({ month: z.string(), planMicros: micros, data: z.array(SubjectBudget) })
  .meta({ id: 'Budgets', description: 'Money of this calendar month (UTC), in micro-dollars.' });

const standingOf = (subject: string) => (subject === TENANT ? TENANT : `agent/${subject}`);
const scopeOf = (subject: string, at: string) =>
  subject === TENANT ? spendScopes.month(at) : spendScopes.agent(subject, at);

const planMicrosOf = async ({ ports }: ApiDeps, tenantId: TenantId): Promise<number> =>
  planOf((await ports.tenants.get(tenantId)).plan).monthMicros;

/** The tenant first, then every agent that has spent or is limited. */
const budgetsOf = async (deps: ApiDeps, tenantId: TenantId, at: string): Promise<SubjectBudget[]> => {
  const { spending } = deps.ports;
  const planMicros = await planMicrosOf(deps, tenantId);
  const decided = new Map((await spending.standing(tenantId)).map((it) => [it.subject, it.limitMicros]));
  const used = await spending.list(tenantId, 'agent/');
  const month = at.slice(0, 7);
  const ofMonth = used.filter(({ scope }) => scope.endsWith(`/${month}`));
  const agents = new Set(ofMonth.map(({ scope }) => scope.slice('agent/'.length, -`/${month}`.length)));
  for (const subject of decided.keys()) if (subject !== TENANT) agents.add(subject.slice('agent/'.length));
  const subjects = [TENANT, ...[...agents].sort()];
  return Promise.all(
    subjects.map(async (subject) => {
      const standing = decided.get(standingOf(subject)) ?? null;
      const budget = await spending.get(tenantId, scopeOf(subject, at));
      const fresh = {
        limitMicros: standing ?? (subject === TENANT ? planMicros : null),
        reservedMicros: 0,
        spentMicros: 0,
      };
      const { limitMicros, reservedMicros, spentMicros } = budget ?? fresh;
      return { subject, decided: standing, limitMicros, reservedMicros, spentMicros };
    }),
  );
};

/** What a plan brings is the platform's to raise. */
const refuseAbovePlan = (subject: string, limit: number | null, planMicros: number, { role }: Principal): void => {
  if (subject !== TENANT || limit === null || limit <= planMicros || isPlatformRole(role)) return;
  throw new Fault('forbidden', `The plan brings ${planMicros} micro-dollars a month; ask the platform for more.`, {
    fields: [{ path: 'limitMicros', message: `must be at most ${planMicros}` }],
  });
};

const budgetOf = async (deps: ApiDeps, tenantId: TenantId, subject: string, at: string) =>
  (await budgetsOf(deps, tenantId, at)).find((it) => it.subject === subject);

/** Null is without a limit. */
const isMore = (limit: number | null, than: number | null): boolean =>
  than !== null && (limit === null || limit > than);

export const budgetRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/budgets',
    summary: 'What agents may spend this month, and what they spent',
    may: 'viewDashboard',
    within: 'tenant',
    reply: { status: 200, schema: Budgets },
    async handle({ tenantId }) {
      const at = new Date().toISOString();
      const planMicros = await planMicrosOf(deps, tenantId);
      return { month: at.slice(0, 7), planMicros, data: await budgetsOf(deps, tenantId, at) };
    },
  }),
  route({
    method: 'put',
    path: '/budgets/:subject',
    summary: 'Decide what the tenant or one agent may spend a month, from now on',
    description:
      'Also of this month: what was reserved already is carried out. Null takes the decision back. Runs that ask people for more money look again when it is raised.',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ subject: z.string().min(1).max(64) }),
    body: z.strictObject({ limitMicros: micros.nullable() }).meta({ id: 'NewBudget' }),
    reply: { status: 200, schema: SubjectBudget },
    async handle({ params: { subject }, body: { limitMicros }, tenantId, principal, ctx }) {
      if (subject !== TENANT) deps.catalogue.agent(subject);
      const planMicros = await planMicrosOf(deps, tenantId);
      refuseAbovePlan(subject, limitMicros, planMicros, principal);
      const { spending } = deps.ports;
      const at = new Date().toISOString();
      const before = await budgetOf(deps, tenantId, subject, at);
      await spending.setStanding(tenantId, standingOf(subject), limitMicros);
      const limit = limitMicros ?? (subject === TENANT ? planMicros : null);
      await spending.setLimit(tenantId, scopeOf(subject, at), limit);
      await auditLine(deps, ctx, tenantId, {
        actor: principal.userId,
        action: 'budget.changed',
        resourceType: 'budget',
        resourceId: subject,
        metadata: { limitMicros },
      });
      // Behind the decision, which stands whatever becomes of this: a run that is not reached goes on by its approval.
      if (isMore(limit, before?.limitMicros ?? null)) {
        const left = (err: unknown) => deps.log.warn({ err, tenantId }, 'runs that ask for money were not told');
        await deps.ports.workflows.wakeSpenders(tenantId).catch(left);
      }
      return budgetOf(deps, tenantId, subject, at);
    },
  }),
];
