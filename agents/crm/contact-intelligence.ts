import { defineAgent, MATERIAL, SHORT } from '../define.ts';

export const contactIntelligence = defineAgent({
  id: 'ContactIntelligence',
  title: 'Contact intelligence',
  group: 'crm',
  description: 'Tells what the company knows of a contact or a company, from its own systems.',
  model: 'fast',
  instructions: [
    'You tell what the company knows of a person or a company, from its own systems alone.',
    'Name the record behind each statement by its id. Never guess at what a person is like.',
    MATERIAL,
  ].join('\n'),
  tools: ['crm_list', 'crm_read', 'search_knowledge'],
  reply: null,
  limits: SHORT,
});
