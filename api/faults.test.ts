import {
  ApplicationFailure,
  CancelledFailure,
  ServiceError,
  TerminatedFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { FAULTS, Fault } from '../ports/errors.ts';
import { Problem, toAnswer, toFault } from './faults.ts';

const answerTo = (error: unknown) => toAnswer(toFault(error), 'request-1');
const grpc = (code: number) =>
  new ServiceError('failed', { cause: Object.assign(new Error('grpc'), { code, details: '', metadata: {} }) });

test('every fault of the house becomes a problem of its own status and code', () => {
  for (const code of Object.keys(FAULTS) as (keyof typeof FAULTS)[]) {
    const { status, body } = answerTo(new Fault(code, 'Said to people.'));
    expect(Problem.parse(body)).toMatchObject({ code, status: FAULTS[code].status, retryable: FAULTS[code].retry });
    expect(status).toBe(FAULTS[code].status);
  }
});

test('a workflow’s failure keeps its code, message and fields on the way to the caller', () => {
  const fields = [{ path: 'password', message: 'was refused' }];
  const failure = ApplicationFailure.nonRetryable('The password was refused.', 'credential_rejected', { fields });
  expect(answerTo(new WorkflowUpdateFailedError('failed', failure))).toMatchObject({
    status: 422,
    body: { code: 'credential_rejected', detail: 'The password was refused.', errors: fields },
  });
});

test('a workflow’s failure without a code of ours stays inside', () => {
  for (const failure of [ApplicationFailure.nonRetryable('canary', 'TypeError'), new Error('canary')]) {
    const answer = answerTo(new WorkflowUpdateFailedError('failed', failure));
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('canary');
  }
});

test('what somebody else ended early is said to whoever waits for it, and is no failure of ours', () => {
  for (const [failure, word] of [
    [new CancelledFailure('Workflow canceled'), 'cancelled'],
    [new TerminatedFailure('terminated'), 'terminated'],
  ] as const) {
    expect(answerTo(new WorkflowFailedError('failed', failure, 'MAXIMUM_ATTEMPTS_REACHED'))).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: `This was ${word}; start another one.` },
    });
  }
});

test('what Temporal says has a status of its own', () => {
  expect(answerTo(new WorkflowExecutionAlreadyStartedError('x', 'id', 'type'))).toMatchObject({
    status: 409,
    body: { code: 'conflict' },
  });
  expect(answerTo(new WorkflowNotFoundError('x', 'id', undefined))).toMatchObject({ status: 404 });
  const away = [grpc(14), grpc(4), grpc(8), new WorkflowUpdateRPCTimeoutOrCancelledError('late')];
  for (const error of away) {
    expect(answerTo(error)).toMatchObject({
      status: 503,
      headers: { 'Retry-After': '2' },
      body: { code: 'unavailable', retryable: true },
    });
  }
  expect(answerTo(grpc(3))).toMatchObject({ status: 500 });
});

test('a shape that is wrong inside is our own fault, not the caller’s', () => {
  const { error } = z.string().safeParse(1);
  expect(answerTo(error)).toMatchObject({ status: 500, body: { code: 'internal', errors: [] } });
  expect(answerTo('thrown text')).toMatchObject({ status: 500 });
});
