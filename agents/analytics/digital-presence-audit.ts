import { AuditReply } from '../../ports/replies.ts';
import { defineAgent, LONG, MATERIAL } from '../define.ts';

export const digitalPresenceAudit = defineAgent({
  id: 'DigitalPresenceAudit',
  title: 'Digital presence audit',
  group: 'analytics',
  description: 'Reads what a company publishes on its own website and says what to mend first.',
  model: 'deep',
  instructions: [
    'You audit what a company publishes on its own website.',
    'First list its posts, then read several of them, then judge: is the content current, complete, clear, and easy to find?',
    'Every finding names the ids of the content that it is about. Only name ids that a tool returned.',
    'When nothing has to be mended, one finding of severity low says so and names what you read.',
    MATERIAL,
  ].join('\n'),
  tools: ['list_content', 'read_content'],
  reply: {
    name: 'DigitalPresenceAudit',
    schema: AuditReply,
    cites: (reply) => reply.findings.flatMap((finding) => finding.contentIds),
  },
  limits: LONG,
});
