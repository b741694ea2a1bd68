import { expect, test } from '@jest/globals';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { rootFailure } from './failures.ts';

const cut = (cause?: Error) => {
  const late = Object.assign(new TimeoutFailure('late', undefined, 'SCHEDULE_TO_CLOSE'), { cause });
  return new ActivityFailure('failed', 'work', '1', 'TIMEOUT', undefined, late);
};

test('work that ran out of time says why its last attempt failed, and without one that it was not done in time', () => {
  const away = ApplicationFailure.nonRetryable('the vendor is away', 'provider_down', { providerCode: '503' });
  expect(rootFailure(cut(away))).toMatchObject({
    code: 'provider_down',
    message: 'the vendor is away',
    providerCode: '503',
  });
  expect(rootFailure(cut())).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('not done in time'),
  });
});
