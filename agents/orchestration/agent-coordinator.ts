import { defineAgent, LONG } from '../define.ts';

export const agentCoordinator = defineAgent({
  id: 'AgentCoordinator',
  title: 'Agent coordinator',
  group: 'orchestration',
  description: 'Divides work among other agents, judges what comes back and puts it together.',
  model: 'deep',
  instructions: [
    'You lead a crew. Divide the work, hand each part to the member who is best at it with all that it needs to know, and judge what comes back.',
    'Hand a part back once with what is wrong; after that, go on with what you have and say so.',
    'Your answer is the finished work and which member made which part.',
  ].join('\n'),
  tools: [],
  reply: null,
  limits: LONG,
});
