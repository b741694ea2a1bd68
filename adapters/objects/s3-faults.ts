import { S3ServiceException } from '@aws-sdk/client-s3';
import { Fault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';

const MEANINGS: Record<string, [FaultCode, string]> = {
  NoSuchBucket: ['provider_rejected', 'there is no such bucket; check its name'],
  PermanentRedirect: ['provider_rejected', 'the bucket lies in another region; connect with that region'],
  AuthorizationHeaderMalformed: ['provider_rejected', 'the bucket lies in another region; connect with that region'],
  InvalidAccessKeyId: ['credential_rejected', 'the access key is not known; connect it again'],
  SignatureDoesNotMatch: ['credential_rejected', 'the secret access key does not fit; connect it again'],
  AccessDenied: [
    'credential_forbidden',
    'the key may not do this in the bucket; allow it to list, get, put and delete',
  ],
  SlowDown: ['provider_rate_limited', 'the bucket asks us to slow down'],
};

/** By name: under jest an error of the SDK is no instance of the test's class. */
const isOfS3 = (error: unknown): error is S3ServiceException =>
  error instanceof S3ServiceException || (error instanceof Error && '$metadata' in error);

/** What a failure of the store means. Faults of ours pass as they are. */
export const s3Fault = (error: unknown, bucket: string): Fault => {
  if (error instanceof Fault) return error;
  if (!isOfS3(error)) {
    return new Fault('provider_down', `The bucket ${bucket} did not answer; try again shortly.`, { cause: error });
  }
  const status = error.$metadata.httpStatusCode ?? 500;
  const [code, why] =
    MEANINGS[error.name] ??
    (status === 403
      ? ['credential_forbidden' as const, 'the key may not do this']
      : status >= 500
        ? ['provider_down' as const, 'it is not working now']
        : ['provider_rejected' as const, `it says ${error.name}`]);
  return new Fault(code, `The bucket ${bucket} cannot be used: ${why}.`, { cause: error, providerCode: error.name });
};

/** True when the store says that there is nothing under this key. */
export const isMissing = (error: unknown): boolean => isOfS3(error) && ['NoSuchKey', 'NotFound'].includes(error.name);
