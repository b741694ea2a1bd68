import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

const RESOURCE_EXHAUSTED = 8;
const DELAY_MS = 250;
/** Together longer than the longest pause between two attempts to connect, so that a Temporal that is back is found. */
const ATTEMPTS = 6;

const usual = defaultGrpcRetryOptions();
const isBusy = ({ code }: { code: number }) => code === RESOURCE_EXHAUSTED;

/**
 * An absent Temporal is reported within two seconds: whoever asks is told to try again, or retries by a policy of its own.
 * The client's own backoff grows past the deadline of a call that a person waits for. A busy Temporal keeps it.
 */
export const retries = makeGrpcRetryInterceptor({
  delayFunction: (attempt, status) => (isBusy(status) ? usual.delayFunction(attempt, status) : DELAY_MS),
  retryableDecider: (attempt, status) =>
    usual.retryableDecider(attempt, status) && (isBusy(status) || attempt < ATTEMPTS),
});
