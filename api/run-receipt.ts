import { z } from 'zod';
import type { AgentRun, ToolCallRow } from '../ports/agent-runs.ts';
import { Fault } from '../ports/errors.ts';
import { ApprovalId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';
import { treeOf } from './run-tree.ts';
import type { RunTree } from './run-tree.ts';

/** Who approved what, what was done, by which versions, at what cost: signed. */
export const RunReceipt = z
  .strictObject({
    receipt: z
      .string()
      .meta({ description: 'JWS (compact form, EdDSA) of the facts, by this deployment’s receipt key.' }),
    facts: z.record(z.string(), z.json()).meta({ description: 'What it says, to read at once.' }),
  })
  .meta({ id: 'RunReceipt' });

const PAGE = 200;

const toolCallsOf = async ({ ports }: ApiDeps, tenantId: TenantId, { runId }: AgentRun): Promise<ToolCallRow[]> => {
  const calls: ToolCallRow[] = [];
  let cursor: string | null = null;
  do {
    const page = { limit: PAGE, ...(cursor !== null && { cursor }) };
    const { data, nextCursor } = await ports.transcripts.toolCalls(tenantId, { runId }, page);
    calls.push(...data);
    cursor = nextCursor;
  } while (cursor !== null);
  return calls.reverse();
};

/** Each person's word on each approval, by the hash of what they were shown. */
const approvalsOf = async ({ ports }: ApiDeps, tenantId: TenantId, calls: ToolCallRow[]) => {
  const asked = [...new Set(calls.flatMap(({ approvalId }) => approvalId ?? []))].map((id) => ApprovalId.parse(id));
  return Promise.all(
    asked.map(async (id) => {
      const { state, contentHash, decidedAt } = await ports.approvals.get(tenantId, id);
      const votes = await ports.approvals.votes(tenantId, id);
      return { id, state, contentHash, decidedAt, votes };
    }),
  );
};

const factsOf = async (
  deps: ApiDeps,
  tenantId: TenantId,
  { run, usage, parts }: RunTree,
): Promise<Record<string, unknown>> => {
  const [models, calls] = await Promise.all([
    deps.ports.transcripts.modelCalls({ tenantId, runId: run.runId }),
    toolCallsOf(deps, tenantId, run),
  ]);
  const { error, ...known } = run;
  return {
    ...known,
    errorCode: error?.code ?? null,
    usage,
    models,
    tools: calls.map(({ runId: _, ...call }) => call),
    approvals: await approvalsOf(deps, tenantId, calls),
    parts: await Promise.all(parts.map((part) => factsOf(deps, tenantId, part))),
  };
};

/** Of a run that has ended; a chat, which has no end, at any time. */
export const receiptOf = async (
  deps: ApiDeps,
  tenantId: TenantId,
  run: AgentRun,
): Promise<z.infer<typeof RunReceipt>> => {
  if (run.state === 'running' && run.kind !== 'conversation')
    throw new Fault('conflict', 'This run is still at work; its receipt comes with its end.');
  const facts = await factsOf(deps, tenantId, await treeOf(deps, tenantId, run));
  return {
    receipt: await deps.ports.receipts.sign('run', { tenantId, ...facts }),
    facts: RunReceipt.shape.facts.parse(facts),
  };
};
