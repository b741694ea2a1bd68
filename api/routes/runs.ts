import { z } from 'zod';
import { AgentRun, RunUsage, ToolCallRow } from '../../ports/agent-runs.ts';
import type { TranscriptLine } from '../../ports/agent-runs.ts';
import { RunId } from '../../ports/ids.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { progressOf } from '../run-control.ts';
import { RunReceipt, receiptOf } from '../run-receipt.ts';
import { treeOf, usedInAll } from '../run-tree.ts';
import { seenRun, seesAllRuns } from '../seen-run.ts';

const params = z.strictObject({ id: RunId });

const RunDetail = AgentRun.extend({
  usage: RunUsage.meta({ description: 'With all its parts. Cost in micro-dollars.' }),
  parts: z.array(AgentRun.extend({ usage: RunUsage })).meta({ description: 'In the order in which they began.' }),
  reply: z.json().nullable(),
  progress: z.json().nullable().meta({ description: 'Where a run at work stands; null once it has ended.' }),
}).meta({ id: 'RunDetail' });

const TranscriptMessage = z
  .strictObject({
    seq: z.int(),
    at: z.iso.datetime(),
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    content: z.string(),
    toolCalls: z.array(z.strictObject({ id: z.string(), name: z.string(), arguments: z.string() })),
    toolCallId: z.string().nullable(),
  })
  .meta({ id: 'TranscriptMessage' });

const messageOf = ({ seq, at, message }: TranscriptLine): z.infer<typeof TranscriptMessage> => ({
  ...{ seq, at, role: message.role, content: message.content },
  toolCalls:
    message.role === 'assistant'
      ? message.toolCalls.map((it) => ({ id: it.id, name: it.name, arguments: it.arguments }))
      : [],
  toolCallId: message.role === 'tool' ? message.toolCallId : null,
});

export const runRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/runs',
    summary: 'Runs of agents and crews, newest first: your own, for admins all',
    description: 'Parts of a run stand under it; conversations have a list of their own.',
    may: 'viewAgents',
    within: 'tenant',
    query: PageQuery.extend({
      subject: z.string().max(64).optional().meta({ description: 'An agent’s or a crew’s id.' }),
    }),
    reply: { status: 200, schema: pageOf(AgentRun) },
    handle({ query: { subject, ...page }, tenantId, principal }) {
      const startedBy = seesAllRuns(principal) ? undefined : principal.userId;
      return deps.ports.agentRuns.list(tenantId, { subject, startedBy }, page);
    },
  }),
  route({
    method: 'get',
    path: '/runs/:id',
    summary: 'One run: its state, its parts, what it used, and its reply',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: RunDetail },
    async handle({ params: { id }, tenantId, principal }) {
      const run = await seenRun(deps, tenantId, principal, id);
      const [tree, progress, reply] = await Promise.all([
        treeOf(deps, tenantId, run),
        progressOf(deps, tenantId, run),
        run.replyId === null ? null : deps.ports.content.get(tenantId, run.replyId),
      ]);
      const parts = tree.parts.map((part) => ({ ...part.run, usage: usedInAll(part) }));
      return { ...run, usage: usedInAll(tree), parts, reply, progress };
    },
  }),
  route({
    method: 'get',
    path: '/runs/:id/transcript',
    summary: 'Everything that was said in a run, oldest first',
    may: 'viewAgents',
    within: 'tenant',
    params,
    query: PageQuery,
    reply: { status: 200, schema: pageOf(TranscriptMessage) },
    async handle({ params: { id }, query, tenantId, principal }) {
      const { runId } = await seenRun(deps, tenantId, principal, id);
      const { data, nextCursor } = await deps.ports.transcripts.lines({ tenantId, runId }, query);
      return { data: data.map(messageOf), nextCursor };
    },
  }),
  route({
    method: 'get',
    path: '/runs/:id/tool-calls',
    summary: 'What a run called, newest first',
    may: 'viewAgents',
    within: 'tenant',
    params,
    query: PageQuery,
    reply: { status: 200, schema: pageOf(ToolCallRow) },
    async handle({ params: { id }, query, tenantId, principal }) {
      const { runId } = await seenRun(deps, tenantId, principal, id);
      return deps.ports.transcripts.toolCalls(tenantId, { runId }, query);
    },
  }),
  route({
    method: 'get',
    path: '/runs/:id/receipt',
    summary: 'Who approved what, what was done, by which versions, at what cost: signed',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: RunReceipt },
    async handle({ params: { id }, tenantId, principal }) {
      return receiptOf(deps, tenantId, await seenRun(deps, tenantId, principal, id));
    },
  }),
  route({
    method: 'get',
    path: '/tool-calls',
    summary: 'The log of everything that agents called, newest first',
    may: 'manageIntegrations',
    within: 'tenant',
    query: PageQuery.extend({ agentId: z.string().max(64).optional() }),
    reply: { status: 200, schema: pageOf(ToolCallRow) },
    handle: ({ query: { agentId, ...page }, tenantId }) =>
      deps.ports.transcripts.toolCalls(tenantId, { agentId }, page),
  }),
];
