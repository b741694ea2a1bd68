import { defineCrew } from '../define.ts';

export const onboardingCrew = defineCrew({
  id: 'OnboardingCrew',
  title: 'Onboarding crew',
  steps: [['DigitalPresenceAudit'], ['ReportGenerator']],
});
