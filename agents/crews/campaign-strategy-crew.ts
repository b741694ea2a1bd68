import { defineCrew, LONG, task } from '../define.ts';

export const campaignStrategyCrew = defineCrew({
  id: 'CampaignStrategyCrew',
  title: 'Campaign strategy crew',
  description: 'Two views of the market at once, then texts made from both, then a review of those texts.',
  process: {
    kind: 'steps',
    steps: [
      [
        task('MarketingStrategist', { brief: 'Say whom the campaign is for, what it promises, and where it runs.' }),
        task('SEOSpecialist', { brief: 'Say which words people search for that the campaign should answer.' }),
      ],
      [task('ContentCreator', { brief: 'Write the campaign’s texts from the strategy and the words you are given.' })],
      [task('QualityAssurance', { brief: 'Review the campaign’s texts.', onFailure: { kind: 'ask' } })],
    ],
  },
  limits: LONG,
});
