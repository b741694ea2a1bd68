import { z } from 'zod';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import type { RunHead } from '../../ports/agent-runs.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import { spendScopes } from '../../ports/spending.ts';
import { monthLimit } from './budgets.ts';
import type { AtWork, Breach, RaiseAsked } from './terms.ts';

const DAY_MS = 86_400_000;
const times = { remindAfterMs: DAY_MS, deadlineMs: 7 * DAY_MS, onDeadline: 'reject' } as const;
const TENANT: ApprovalPolicy = { roles: ['tenant_admin', 'platform_admin', 'super_admin'], ...times };
/** Beyond its plan a tenant spends what is ours. */
const PLATFORM: ApprovalPolicy = { roles: ['platform_admin', 'super_admin'], ...times };

const NAMES = { steps: 'model turns', toolCalls: 'tool calls', tokens: 'tokens' } as const;
/** A part of a cent in full: it is what one call costs. */
const dollars = (micros: number) => `$${(micros / 1_000_000).toFixed(micros < 10_000 ? 6 : 2)}`;

const Raised = z.object({ arguments: z.object({ to: z.int() }) });

/** Of a limit of its own a run gets as much again; of a month's budget a quarter more. */
const offered = (breach: Breach, spent: number): number => {
  const { limit, needs } = breach;
  if (breach.what !== 'money') return Math.max(limit * 2, needs);
  const own = breach.scope.startsWith('run/') || breach.scope.startsWith('crew/');
  return Math.max(limit, spent) + Math.max(Math.ceil(limit * (own ? 1 : 0.25)), needs);
};

type Needs = Pick<WorkerPorts, 'content' | 'spending' | 'tenants'>;

/** A run that comes to a limit asks people; what they say is the new limit. */
export const createLimits = ({ content, spending, tenants }: Needs) => {
  /** How far it may be raised, and by whom. `asked`: who was asked already; beyond its plan a tenant's word does not reach. */
  const bounds = async (at: AtWork, breach: Breach, asked?: ApprovalPolicy) => {
    if (breach.what !== 'money') return { least: breach.needs, most: null, to: offered(breach, 0), policy: TENANT };
    const budget = await spending.get(at.tenantId, breach.scope);
    const used = (budget?.spentMicros ?? 0) + (budget?.reservedMicros ?? 0);
    const [least, to] = [used + breach.needs, offered(breach, used)];
    if (breach.scope !== spendScopes.month(new Date().toISOString())) return { least, most: null, to, policy: TENANT };
    const { plans } = await monthLimit({ tenants, spending }, at);
    if (asked ? !asked.roles.includes('tenant_admin') : least > plans)
      return { least, most: null, to, policy: PLATFORM };
    return { least, most: plans, to: Math.min(to, plans), policy: TENANT };
  };

  return {
    /** What people are asked before a run goes beyond this limit. The number is theirs to change. */
    describeBreach: async (at: AtWork, breach: Breach): Promise<RaiseAsked> => {
      const { least, most, to, policy } = await bounds(at, breach);
      const money = breach.what === 'money';
      const title = money
        ? `${at.agentId} needs more than the ${dollars(breach.limit)} of ${breach.scope}: raise it to ${dollars(to)}`
        : `${at.agentId} came to its limit of ${breach.limit} ${NAMES[breach.what]}: let it go on to ${to}`;
      const schema = {
        ...{ type: 'object', additionalProperties: false, required: ['to'] },
        properties: { to: { type: 'integer', minimum: least, ...(most !== null && { maximum: most }) } },
      };
      const shown = { tool: 'raise_limit', title, arguments: { to }, preview: breach, schema };
      const ref = await content.put(at.tenantId, { ...shown, agentId: at.agentId, runId: at.runId });
      return { subject: title, content: ref, policy };
    },

    /**
     * Puts what was approved into effect, and gives the new limit: never below what is needed or stands, nor above what those
     * who were asked (`policy`; absent: the tenant) may give. Where that is not enough by now, the run comes to its limit again.
     */
    raiseLimit: async (at: AtWork, breach: Breach, contentId: string, policy = TENANT): Promise<number> => {
      const { least, most } = await bounds(at, breach, policy);
      const wished = Raised.parse(await content.get(at.tenantId, contentId)).arguments.to;
      const to = Math.min(Math.max(wished, least), most ?? Number.MAX_SAFE_INTEGER);
      if (breach.what !== 'money') return to;
      const budget = await spending.get(at.tenantId, breach.scope);
      const stands = budget?.limitMicros ?? 0;
      // Somebody may have raised it further meanwhile, or taken the limit away.
      const isFree = budget !== null && budget.limitMicros === null;
      if (!isFree && to > stands) await spending.setLimit(at.tenantId, breach.scope, to);
      return Math.max(to, stands);
    },

    /** The run's own budget, as somebody set it while it ran. */
    limitRun: ({ tenantId, runId }: RunHead, micros: number): Promise<void> =>
      spending.setLimit(tenantId, spendScopes.run(runId), micros),
  };
};
