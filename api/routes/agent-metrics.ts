import { z } from 'zod';
import { AgentMetrics } from '../../ports/agent-runs.ts';
import { Fault } from '../../ports/errors.ts';
import { agentOf } from '../agent-access.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { AgentId } from './agents.ts';

const DAY_MS = 86_400_000;
const SPAN_MAX_MS = 366 * DAY_MS;
const DEFAULT_MS = 30 * DAY_MS;

const Span = z.strictObject({
  from: z.iso
    .datetime()
    .optional()
    .meta({ description: 'Runs that began from then on; 30 days before `to` unless said.' }),
  to: z.iso.datetime().optional().meta({ description: 'And before then; now unless said.' }),
});

const Figures = z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime(), data: z.array(AgentMetrics) });

/** The time that is asked about, a year at most. */
const spanOf = ({ from, to }: z.infer<typeof Span>): { from: string; to: string } => {
  const end = to === undefined ? Date.now() : Date.parse(to);
  const begin = from === undefined ? end - DEFAULT_MS : Date.parse(from);
  if (begin >= end || end - begin > SPAN_MAX_MS)
    throw new Fault('invalid_request', 'Ask about a time of at most a year, `from` before `to`.', {
      fields: [{ path: 'from', message: 'must lie before `to`, at most 366 days' }],
    });
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
};

const NONE: Omit<AgentMetrics, 'agentId'> = {
  ...{ runs: 0, succeeded: 0, failed: 0, cancelled: 0, latencyP50Ms: null, latencyP95Ms: null, firstTokenP50Ms: null },
  ...{ modelCalls: 0, toolCalls: 0, toolErrors: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, costMicros: 0 },
};

export const agentMetricsRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/agents/metrics',
    summary: 'Times, success, tokens and cost of every agent that ran',
    description: 'Costs in micro-dollars. Trials in the sandbox are not counted.',
    may: 'viewAgents',
    within: 'tenant',
    query: Span,
    reply: { status: 200, schema: Figures },
    async handle({ query, tenantId }) {
      const span = spanOf(query);
      return { ...span, data: await deps.ports.agentRuns.metrics(tenantId, span.from, span.to) };
    },
  }),
  route({
    method: 'get',
    path: '/agents/:id/metrics',
    summary: 'Times, success, tokens and cost of one agent',
    description: 'Costs in micro-dollars. Trials in the sandbox are not counted.',
    may: 'viewAgents',
    within: 'tenant',
    params: z.strictObject({ id: AgentId }),
    query: Span,
    reply: { status: 200, schema: AgentMetrics },
    async handle({ params: { id }, query, tenantId }) {
      await agentOf(deps, tenantId, id);
      const { from, to } = spanOf(query);
      const [figures] = await deps.ports.agentRuns.metrics(tenantId, from, to, id);
      return figures ?? { agentId: id, ...NONE };
    },
  }),
];
