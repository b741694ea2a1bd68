import type { AgentSpec, CrewSpec } from '../ports/agents.ts';

/** Keeps the reply's own type while the agent is declared; the catalogue forgets it. */
export const defineAgent = <Reply>(spec: AgentSpec<Reply>): AgentSpec => spec as unknown as AgentSpec;

export const defineCrew = (spec: CrewSpec): CrewSpec => spec;
