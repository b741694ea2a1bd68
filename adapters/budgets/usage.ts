import type { BudgetUse } from '../../ports/budgets.ts';
import { lapse, used } from './gauge.ts';
import { callsOut, held } from './meter.ts';
import type { Meter } from './meter.ts';
import { lapseRefusals, refusalsOfHour } from './refusals.ts';

/** What a meter says of each of its limits at this moment. */
export function useOf(body: string, now: number): BudgetUse[] {
  const meter = JSON.parse(body) as Meter;
  lapseRefusals(meter, now);
  for (const [name, { until }] of Object.entries(meter.holders)) if (until <= now) delete meter.holders[name];
  const common = {
    ...{ connectionId: meter.of?.connectionId ?? null, tenantId: meter.of?.tenantId ?? null },
    waiting: Object.values(meter.holders).reduce((sum, { waiting }) => sum + waiting.length, 0),
    refused: refusalsOfHour(meter),
    blockedUntil: meter.blockedUntil > now ? new Date(meter.blockedUntil).toISOString() : null,
  };
  const uses: BudgetUse[] = Object.entries(meter.gauges).map(([limit, gauge]) => {
    lapse(gauge, now);
    const { units, perMs } = gauge;
    return { limit, ...common, units, perSeconds: perMs / 1000, used: Math.round(used(gauge, held(meter))) };
  });
  if (meter.callsMax === null) return uses;
  return [...uses, { limit: 'inFlight', ...common, units: meter.callsMax, perSeconds: null, used: callsOut(meter) }];
}
