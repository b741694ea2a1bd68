import type { AgentRun, RunUsage } from '../ports/agent-runs.ts';
import { DEPTH_MAX } from '../ports/crews.ts';
import type { TenantId } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';

/** A run with the runs that it is made of. */
export interface RunTree {
  run: AgentRun;
  /** Its own, its parts' not counted. */
  usage: RunUsage;
  parts: RunTree[];
}

const PARTS_MAX = 100;
/** A crew, and below it agents that hand work on. */
const LEVELS = DEPTH_MAX + 1;

type Deps = Pick<ApiDeps, 'ports'>;

/** Parts in the order in which they began, the newest hundred of each run. */
export const treeOf = async (deps: Deps, tenantId: TenantId, run: AgentRun, levels = LEVELS): Promise<RunTree> => {
  const { agentRuns, transcripts } = deps.ports;
  const { runId } = run;
  const under = levels === 0 ? [] : (await agentRuns.list(tenantId, { under: runId }, { limit: PARTS_MAX })).data;
  const [usage, parts] = await Promise.all([
    transcripts.usage({ tenantId, runId }),
    Promise.all(under.toReversed().map((part) => treeOf(deps, tenantId, part, levels - 1))),
  ]);
  return { run, usage, parts };
};

const add = (one: RunUsage, other: RunUsage): RunUsage => ({
  modelCalls: one.modelCalls + other.modelCalls,
  toolCalls: one.toolCalls + other.toolCalls,
  inputTokens: one.inputTokens + other.inputTokens,
  cachedTokens: one.cachedTokens + other.cachedTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  costMicros: one.costMicros + other.costMicros,
  unpricedCalls: one.unpricedCalls + other.unpricedCalls,
});

/** All that a run used, its parts' counted. */
export const usedInAll = ({ usage, parts }: RunTree): RunUsage => parts.map(usedInAll).reduce(add, usage);
