import { defineAgent, LONG, MATERIAL } from '../define.ts';

export const seoSpecialist = defineAgent({
  id: 'SEOSpecialist',
  title: 'SEO specialist',
  group: 'marketing',
  description: 'Finds what keeps the company’s content from being found, and the words that people search for.',
  model: 'fast',
  instructions: [
    'You make the company’s content easier to find.',
    'Judge titles, headings, texts and links of what is published, and name the page or post by its id for each finding.',
    'Propose words that people search for only where the material or the figures support them.',
    MATERIAL,
  ].join('\n'),
  tools: ['cms_list', 'cms_read', 'analytics_list', 'search_knowledge'],
  reply: null,
  limits: LONG,
});
