import { z } from 'zod';
import { MemoryFact } from '../../ports/memory.ts';
import { mayCall } from '../access.ts';
import { agentOf, usableAgent } from '../agent-access.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { AgentId } from './agents.ts';

const ofAgent = z.strictObject({ id: AgentId });
const ofFact = z.strictObject({ id: AgentId, factId: z.uuid() });
const Query = z.strictObject({
  search: z.string().max(500).optional().meta({ description: 'Words of the fact; absent: the newest first' }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const Removed = z.strictObject({ id: z.uuid() }).meta({ id: 'MemoryFactRemoved' });

/** What an agent remembers of a tenant is that tenant's to see and to delete. */
export const agentMemoryRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/agents/:id/memory',
    summary: 'What the agent remembers for later runs, and from which run it has it',
    may: 'viewAgents',
    within: 'tenant',
    params: ofAgent,
    query: Query,
    reply: { status: 200, schema: z.strictObject({ data: z.array(MemoryFact), nextCursor: z.null() }) },
    async handle({ params: { id }, query: { search, limit }, tenantId, principal }) {
      // Whoever may make it forget sees what there is to forget, whether or not the agent works, and for them.
      const isKeeper = mayCall(principal.role, 'manageIntegrations');
      await (isKeeper ? agentOf(deps, tenantId, id) : usableAgent(deps, tenantId, principal, id));
      return { data: await deps.ports.memory.recall(tenantId, id, search ?? null, limit), nextCursor: null };
    },
  }),
  route({
    method: 'delete',
    path: '/agents/:id/memory/:factId',
    summary: 'Make the agent forget a fact',
    may: 'manageIntegrations',
    within: 'tenant',
    params: ofFact,
    reply: { status: 200, schema: Removed },
    async handle({ params: { id, factId }, tenantId, principal, ctx }) {
      await agentOf(deps, tenantId, id);
      await deps.ports.memory.forget(tenantId, id, factId);
      await auditLine(deps, ctx, tenantId, {
        ...{ actor: principal.userId, action: 'agent_memory.forgotten', resourceType: 'agent', resourceId: id },
        metadata: { factId },
      });
      return { id: factId };
    },
  }),
];
