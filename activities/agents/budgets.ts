import type { Ports } from '../../ports/index.ts';
import { planOf } from '../../ports/plans.ts';
import { spendScopes } from '../../ports/spending.ts';
import type { SpendFrom } from '../../ports/spending.ts';
import type { AtWork } from './terms.ts';

/** What a tenant may spend in a month: its own decision, else its plan. Micro-dollars. */
export const monthLimit = async ({ tenants, spending }: Pick<Ports, 'tenants' | 'spending'>, { tenantId }: AtWork) => {
  const [{ plan }, standing] = await Promise.all([tenants.get(tenantId), spending.standing(tenantId)]);
  const plans = planOf(plan).monthMicros;
  const of = (subject: string) => standing.find((one) => one.subject === subject)?.limitMicros ?? null;
  return { plans, month: of('tenant') ?? plans, agent: (agentId: string) => of(`agent/${agentId}`) };
};

/** A limit counts when its budget is made, at the beginning of a month or a run: so long is soon enough to hear of a new one. */
const KNOWN_MS = 10_000;

type Limits = Awaited<ReturnType<typeof monthLimit>>;

/** The budgets that one model call reserves from, as they are now: a month may have ended since the call before. */
export const createBudgets = (ports: Pick<Ports, 'tenants' | 'spending'>) => {
  const known = new Map<string, { limits: Limits; untilMs: number }>();
  const limitsOf = async (at: AtWork): Promise<Limits> => {
    const kept = known.get(at.tenantId);
    if (kept && kept.untilMs > Date.now()) return kept.limits;
    for (const [tenant, { untilMs }] of known) if (untilMs <= Date.now()) known.delete(tenant);
    const limits = await monthLimit(ports, at);
    known.set(at.tenantId, { limits, untilMs: Date.now() + KNOWN_MS });
    return limits;
  };

  return async (at: AtWork, micros: number): Promise<SpendFrom[]> => {
    const { runId, agentId, lineage } = at;
    const [limits, now] = [await limitsOf(at), new Date().toISOString()];
    const parent = lineage.parentRunId === lineage.crewRunId ? null : lineage.parentRunId;
    const counted = (scope: string): SpendFrom => ({ scope, limitMicros: null });
    return [
      { scope: spendScopes.month(now), limitMicros: limits.month },
      { scope: spendScopes.agent(agentId, now), limitMicros: limits.agent(agentId) },
      // Made with their limits by whoever began them.
      ...(lineage.crewRunId === null ? [] : [counted(spendScopes.crew(lineage.crewRunId))]),
      ...(parent === null ? [] : [counted(spendScopes.run(parent))]),
      { scope: spendScopes.run(runId), limitMicros: micros },
    ];
  };
};
