import type { WorkerPorts } from '../../ports/index.ts';
import { createToolbox } from '../tools/index.ts';
import type { Toolbox } from '../tools/toolbox.ts';
import { createCallReader } from './call-at.ts';
import { createReplyCheck } from './check-reply.ts';
import { createCompaction } from './compact.ts';
import { createInvocation } from './invoke.ts';
import { createLimits } from './limits.ts';
import { createPayment } from './pay.ts';
import { createPins } from './pins.ts';
import { createAgentPlans } from './plan-agent.ts';
import { createPreparation } from './prepare.ts';
import { createResults } from './results.ts';
import { createSteps } from './take-step.ts';
import { createTranscript } from './transcript.ts';

/** All that a run of an agent asks for. */
export const createAgentActivities = (ports: WorkerPorts, toolbox: Toolbox = createToolbox(ports)) => {
  const pins = createPins(ports);
  const pay = createPayment(ports);
  const find = createCallReader(ports, toolbox, pins);
  const put = createResults(ports);
  return {
    ...createAgentPlans(ports, toolbox, pins),
    ...createSteps(ports, toolbox, pins, pay),
    ...createCompaction(ports, pins, pay),
    ...createInvocation(ports, toolbox, find, put),
    ...createPreparation(ports, toolbox, find, put),
    ...createReplyCheck(ports, pins),
    ...createLimits(ports),
    ...createTranscript(ports, find),
  };
};
export type AgentActivities = ReturnType<typeof createAgentActivities>;
