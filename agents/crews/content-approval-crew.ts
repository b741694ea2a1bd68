import { defineCrew, LONG } from '../define.ts';

export const contentApprovalCrew = defineCrew({
  id: 'ContentApprovalCrew',
  title: 'Content approval crew',
  description: 'A coordinator has content written, improved for search and reviewed, until the review passes.',
  process: {
    kind: 'manager',
    agentId: 'AgentCoordinator',
    members: ['ContentCreator', 'SEOSpecialist', 'QualityAssurance'],
    brief:
      'Have the content written, then improved for search, then reviewed. Have it mended while the review finds faults.',
  },
  limits: LONG,
});
