import type { RateBudgetPort } from '../../ports/budgets.ts';

/** Lets every call go at once: for tests that are about something else. */
export const unlimited: RateBudgetPort = {
  take: async () => ({ waited: false, settle: () => undefined }),
  usage: async () => [],
};
