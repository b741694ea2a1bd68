/** What a tenant's plan brings. Money in micro-dollars. */
export const PLANS = {
  starter: { platformModels: true, monthMicros: 50_000_000 },
  growth: { platformModels: true, monthMicros: 1_000_000_000 },
  /** Brings its own keys: the platform's are not for it. */
  own_keys: { platformModels: false, monthMicros: 1_000_000_000 },
} as const satisfies Record<string, { platformModels: boolean; monthMicros: number }>;

export type PlanId = keyof typeof PLANS;
export const PLAN_IDS = Object.keys(PLANS) as [PlanId, ...PlanId[]];

/** A plan by its name in the tenant's row; one that is no longer sold means the smallest. */
export const planOf = (id: string): (typeof PLANS)[PlanId] =>
  PLANS[PLAN_IDS.find((known) => known === id) ?? 'starter'];
