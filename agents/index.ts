import type { Catalogue } from '../ports/agents.ts';
import { Fault } from '../ports/errors.ts';
import { digitalPresenceAudit } from './analytics/digital-presence-audit.ts';
import { reportGenerator } from './analytics/report-generator.ts';
import { onboardingCrew } from './crews/onboarding-crew.ts';

const agents = new Map([digitalPresenceAudit, reportGenerator].map((agent) => [agent.id, agent]));
const crews = new Map([onboardingCrew].map((crew) => [crew.id, crew]));

const find = <Spec>(specs: Map<string, Spec>, kind: string, id: string): Spec => {
  const spec = specs.get(id);
  if (!spec) throw new Fault('not_found', `there is no ${kind} named ${id}`);
  return spec;
};

/** Every agent and crew that exists. */
export const catalogue: Catalogue = {
  agent: (id) => find(agents, 'agent', id),
  crew: (id) => find(crews, 'crew', id),
  agentIds: () => [...agents.keys()],
};
