import { defineCrew, LONG, task } from '../define.ts';

export const onboardingCrew = defineCrew({
  id: 'OnboardingCrew',
  title: 'Onboarding crew',
  description: 'Audits what a new tenant publishes and writes a report with a first post to approve.',
  process: { kind: 'steps', steps: [[task('DigitalPresenceAudit')], [task('ReportGenerator')]] },
  limits: LONG,
});
