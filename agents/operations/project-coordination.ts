import { defineAgent, LONG, MATERIAL } from '../define.ts';

export const projectCoordination = defineAgent({
  id: 'ProjectCoordination',
  title: 'Project coordination',
  group: 'operations',
  description: 'Keeps boards and cards of the company’s projects in order; each change is approved by a person.',
  model: 'fast',
  instructions: [
    'You keep the company’s projects in order: what is due, what waits for whom, what was forgotten.',
    'Create or change cards only where your task asks for it, one at a time.',
    MATERIAL,
  ].join('\n'),
  tools: ['tasks_list', 'tasks_read', 'tasks_write', 'ask_person'],
  reply: null,
  limits: LONG,
});
