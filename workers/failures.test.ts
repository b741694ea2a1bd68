import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { z } from 'zod';
import { createLog } from '../adapters/log.ts';
import { Fault, FAULTS } from '../ports/errors.ts';
import type { FaultCode } from '../ports/errors.ts';
import { failureOf, failures } from './failures.ts';

const info = { activityType: 'readPage' };

describe('a failed activity', () => {
  test.each(Object.keys(FAULTS) as FaultCode[])('%s: type and whether to retry are those of the fault', (code) => {
    const failure = failureOf(new Fault(code, 'one sentence'), info) as ApplicationFailure;
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: code, message: 'one sentence', nonRetryable: !FAULTS[code].retry });
  });

  test('waits as long as the other side asked, names refused fields and the vendor’s own code, and keeps its cause to itself', () => {
    const fields = [{ path: 'site_url', message: 'is not a URL' }];
    const fault = new Fault('provider_rate_limited', 'slow down', {
      retryAfterMs: 7000,
      fields,
      providerCode: 'slow_down',
      cause: new Error('raw'),
    });
    const failure = failureOf(fault, info) as ApplicationFailure;
    expect(failure.nextRetryDelay).toBe(7000);
    expect(failure.details).toEqual([{ fields, providerCode: 'slow_down', retryAfterMs: 7000 }]);
    expect(failure.cause).toBeUndefined();
  });

  test('what nobody foresaw is `internal`, retried, and tells history nothing of itself', () => {
    const failure = failureOf(new TypeError('tok_LIVE_123 is not a function'), info) as ApplicationFailure;
    expect(failure).toMatchObject({ type: 'internal', nonRetryable: false });
    expect(JSON.stringify(failure) + failure.message + String(failure.stack)).not.toContain('tok_LIVE');
  });

  test('data of another shape is refused with its fields, without its values', () => {
    const { error } = z.object({ email: z.email() }).safeParse({ email: 'tok_LIVE_123' });
    const failure = failureOf(error, info) as ApplicationFailure;
    expect(failure).toMatchObject({ type: 'unprocessable', nonRetryable: true });
    expect(failure.details).toMatchObject([{ fields: [{ path: 'email', message: 'Invalid email address' }] }]);
  });

  test('Temporal’s own failures pass as they are', () => {
    const own = ApplicationFailure.nonRetryable('x', 'y');
    expect(failureOf(own, info)).toBe(own);
  });

  test('one that was cancelled says so, whatever its library threw', async () => {
    const environment = new MockActivityEnvironment({}, { interceptors: [failures(createLog('silent'))] });
    const run = environment.run(async () => {
      environment.cancel();
      throw new Fault('provider_down', 'the request was aborted');
    });
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
  });
});
