import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import type { Undo } from '../../activities/agents/terms.ts';
import type { RunLimits } from '../../ports/agents.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { OperationId, RunId, TenantId, UserId } from '../../ports/ids.ts';
import { MESSAGES, runAgentId } from '../../ports/operations.ts';
import { own } from './activities.ts';
import { controlSignal } from './agent-messages.ts';
import type { By, Control } from './agent-messages.ts';
import { asFailure } from './failures.ts';

/** One agent's part, by reference. */
export interface CrewPart {
  agentId: string;
  runId: RunId;
  reply: ContentRef;
}

/** How one part stands; one that was tried again is told again. */
export interface PartProgress {
  agentId: string;
  runId: RunId;
  /** Counted from 0; a manager's part is the only one of step 0. */
  step: number;
  state: 'running' | 'completed' | 'failed' | 'skipped';
  code: string | null;
}

export interface CrewProgress {
  crewId: string;
  runId: RunId;
  steps: number;
  paused: boolean;
  parts: PartProgress[];
}

/** A crew at work. */
export interface Crew {
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly crewId: string;
  readonly operationId: OperationId | null;
  readonly startedBy: UserId;
  readonly sandbox: boolean;
  readonly brief: ContentRef | null;
  steps: number;
  paused: boolean;
  parts: PartProgress[];
  /** What its parts may still use together. */
  left: RunLimits;
  /** What people said to it, for all that begin from now on. */
  said: ContentRef[];
  /** How what its parts did is taken back, in the order in which it was done. */
  undo: Undo[];
}

export const progressQuery = defineQuery<CrewProgress>(MESSAGES.progress);
export const pauseUpdate = defineUpdate<CrewProgress, [By]>(MESSAGES.pause);
export const resumeUpdate = defineUpdate<CrewProgress, [By]>(MESSAGES.resume);
export const steerUpdate = defineUpdate<CrewProgress, [By & { content: ContentRef }]>(MESSAGES.steer);

const progressOf = ({ crewId, runId, steps, paused, parts }: Crew): CrewProgress => ({
  ...{ crewId, runId, steps, paused, parts },
});

/** A paused crew begins no part; those at work wait before their next step. */
export const unpaused = async (crew: Crew): Promise<void> => {
  if (crew.paused) await condition(() => !crew.paused);
};

/** What people may say to a crew: each member that is at work hears it, and all that begin later. */
export function listenToCrew(crew: Crew): void {
  const { tenantId, runId } = crew;
  const tellParts = async (control: Control) => {
    const working = crew.parts.filter(({ state }) => state === 'running');
    for (const part of working) {
      // One that has just ended need not know.
      await getExternalWorkflowHandle(runAgentId(tenantId, part.runId))
        .signal(controlSignal, control)
        .catch(() => undefined);
    }
  };
  const pause = (paused: boolean) => async () => {
    crew.paused = paused;
    await tellParts({ kind: paused ? 'pause' : 'resume' });
    return progressOf(crew);
  };
  setHandler(progressQuery, () => progressOf(crew));
  setHandler(pauseUpdate, pause(true));
  setHandler(resumeUpdate, pause(false));
  setHandler(steerUpdate, async ({ content }) => {
    const place = crew.said.push(content);
    try {
      await own.postToCrew({ tenantId, runId }, content, `said/${place}`);
      await tellParts({ kind: 'steer', content });
    } catch (error) {
      throw asFailure(error);
    }
    return progressOf(crew);
  });
}

export const allHeard = (): Promise<void> => condition(allHandlersFinished);
