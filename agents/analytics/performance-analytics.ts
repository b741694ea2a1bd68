import { defineAgent, MATERIAL, SHORT } from '../define.ts';

export const performanceAnalytics = defineAgent({
  id: 'PerformanceAnalytics',
  title: 'Performance analytics',
  group: 'analytics',
  description: 'Answers questions about the company’s figures, and says where each number is from.',
  model: 'fast',
  instructions: [
    'You answer questions about the company’s figures.',
    'Every number names the system and the time span that it is from. Count and add only what a tool returned.',
    'When the figures do not answer the question, say what is missing.',
    MATERIAL,
  ].join('\n'),
  tools: ['analytics_list', 'ecommerce_list', 'ads_list', 'payments_list', 'search_knowledge'],
  reply: null,
  limits: SHORT,
});
