import type { AgentSpec, Catalogue } from '../ports/agents.ts';
import type { CrewSpec } from '../ports/crews.ts';
import { Fault } from '../ports/errors.ts';
import { digitalPresenceAudit } from './analytics/digital-presence-audit.ts';
import { performanceAnalytics } from './analytics/performance-analytics.ts';
import { reportGenerator } from './analytics/report-generator.ts';
import { campaignStrategyCrew } from './crews/campaign-strategy-crew.ts';
import { contentApprovalCrew } from './crews/content-approval-crew.ts';
import { onboardingCrew } from './crews/onboarding-crew.ts';
import { contactIntelligence } from './crm/contact-intelligence.ts';
import { salesAssistant } from './crm/sales-assistant.ts';
import { contentCreator } from './marketing/content-creator.ts';
import { marketingStrategist } from './marketing/marketing-strategist.ts';
import { seoSpecialist } from './marketing/seo-specialist.ts';
import { projectCoordination } from './operations/project-coordination.ts';
import { qualityAssurance } from './operations/quality-assurance.ts';
import { agentCoordinator } from './orchestration/agent-coordinator.ts';

const AGENTS = [
  marketingStrategist,
  contentCreator,
  seoSpecialist,
  digitalPresenceAudit,
  performanceAnalytics,
  reportGenerator,
  contactIntelligence,
  salesAssistant,
  projectCoordination,
  qualityAssurance,
  agentCoordinator,
];
const CREWS = [onboardingCrew, campaignStrategyCrew, contentApprovalCrew];

const find = <Spec>(specs: Map<string, Spec>, kind: string, id: string): Spec => {
  const spec = specs.get(id);
  if (!spec) throw new Fault('not_found', `There is no ${kind} named ${id}.`);
  return spec;
};

const membersOf = ({ process }: CrewSpec): string[] =>
  process.kind === 'manager'
    ? [process.agentId, ...process.members]
    : process.steps
        .flat()
        .flatMap(({ agentId, onFailure }) => [agentId, ...(onFailure.kind === 'fallback' ? [onFailure.agentId] : [])]);

/** Agents and crews by their ids. Throws when two share one, or a crew names an agent that is not there: no process starts so. */
export const createCatalogue = (agents: AgentSpec[], crews: CrewSpec[]): Catalogue => {
  const agentsById = new Map(agents.map((agent) => [agent.id, agent]));
  const crewsById = new Map(crews.map((crew) => [crew.id, crew]));
  const ids = [...agents, ...crews].map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`two agents or crews are named ${twice}`);
  for (const crew of crews) {
    const missing = membersOf(crew).find((id) => !agentsById.has(id));
    if (missing !== undefined) throw new Error(`the crew ${crew.id} names the agent ${missing}, which does not exist`);
  }
  return {
    agent: (id) => find(agentsById, 'agent', id),
    crew: (id) => find(crewsById, 'crew', id),
    agents: () => agents,
    crews: () => crews,
  };
};

/** Every agent and crew that exists. */
export const catalogue = createCatalogue(AGENTS, CREWS);
