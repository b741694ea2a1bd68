import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RunLimits } from '../../ports/agents.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { Role } from '../../ports/identity.ts';
import type { UserId } from '../../ports/ids.ts';
import type { ModelRef } from '../../ports/models.ts';
import { MESSAGES } from '../../ports/operations.ts';
import type { Loop, Used, Waiting } from './agent-state.ts';

/** Who says it. */
export interface By {
  actor: { userId: UserId; role: Role };
}

/** How a run stands. Money in micro-dollars. */
export interface RunProgress {
  agentId: string;
  /** Model turns begun. */
  step: number;
  used: Used;
  limits: RunLimits;
  repairs: number;
  /** Which model of its chain is asked. */
  modelIndex: number;
  /** What it waits for; null: it is at work. */
  waiting: Waiting | null;
  /** It read what looked like orders: it asks before everything that has an effect. */
  flagged: boolean;
  /** Messages of people that it has not heard yet. */
  staged: number;
}

export const pauseUpdate = defineUpdate<RunProgress, [By]>(MESSAGES.pause);
export const resumeUpdate = defineUpdate<RunProgress, [By]>(MESSAGES.resume);
/** `content`: `{ text }`, heard before the next model turn. */
export const steerUpdate = defineUpdate<RunProgress, [By & { content: ContentRef }]>(MESSAGES.steer);
export const setLimitsUpdate = defineUpdate<RunProgress, [By & { limits: Partial<RunLimits> }]>(MESSAGES.setLimits);
/** This model first, from the next turn on; the others stay behind it. */
export const swapModelUpdate = defineUpdate<RunProgress, [By & { model: ModelRef }]>(MESSAGES.swapModel);
/** What a crew has its parts do that people said to it. */
export type Control = { kind: 'pause' } | { kind: 'resume' } | { kind: 'steer'; content: ContentRef };
export const controlSignal = defineSignal<[Control]>(MESSAGES.control);
export const modelsChangedSignal = defineSignal(MESSAGES.modelsChanged);
export const budgetRaisedSignal = defineSignal(MESSAGES.budgetRaised);
export const progressQuery = defineQuery<RunProgress>(MESSAGES.progress);

export const progressOf = ({ at, state, waiting }: Loop): RunProgress => ({
  ...{ agentId: at.agentId, step: state.step, used: state.used, limits: state.limits, repairs: state.repairs },
  ...{ modelIndex: state.modelIndex, waiting: waiting ?? (state.paused ? 'paused' : null) },
  ...{ flagged: state.flagged, staged: state.staged.length },
});
