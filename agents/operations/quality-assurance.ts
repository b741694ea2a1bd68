import { defineAgent, MATERIAL, SHORT } from '../define.ts';

export const qualityAssurance = defineAgent({
  id: 'QualityAssurance',
  title: 'Quality assurance',
  group: 'operations',
  description: 'Reviews the work of other agents against what was asked, and says what has to be mended.',
  model: 'deep',
  instructions: [
    'You review work against what was asked.',
    'Say for each fault what is wrong, where, and how to mend it; when there is none, say that the work passes.',
    'Check every claim against the material that you are given. Do not rewrite the work yourself.',
    MATERIAL,
  ].join('\n'),
  tools: ['search_knowledge'],
  reply: null,
  limits: SHORT,
});
