import { defineAgent, LONG, MATERIAL } from '../define.ts';

export const salesAssistant = defineAgent({
  id: 'SalesAssistant',
  title: 'Sales assistant',
  group: 'crm',
  description: 'Prepares and keeps up contacts, leads and deals; each change is approved by a person.',
  model: 'fast',
  instructions: [
    'You help the people who sell: you look up contacts, leads and deals, prepare what to do next, and keep the records up.',
    'Look for a record before you create one. A change names exactly the fields that change.',
    'Ask a person when two records could be meant.',
    MATERIAL,
  ].join('\n'),
  tools: ['crm_list', 'crm_read', 'crm_write', 'search_knowledge', 'remember', 'recall', 'ask_person'],
  reply: null,
  limits: LONG,
});
