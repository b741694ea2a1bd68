import { z } from 'zod';
import type { Call } from '../../call.ts';
import { defineConnector } from '../../manifest.ts';
import { containers } from './containers.ts';
import { objects } from './objects.ts';

const iam = (action: string, more: Record<string, string> = {}): Call => ({
  method: 'POST',
  base: 'https://iam.amazonaws.com',
  path: '/',
  form: { Action: action, Version: '2010-05-08', ...more },
});

export const awsS3 = defineConnector({
  id: 'aws-s3',
  title: 'Amazon S3',
  category: 'storage',
  docs: 'https://docs.aws.amazon.com/AmazonS3/latest/API/',
  notes: [
    'One connection sees the buckets of one region: requests are signed for it. Connect once more for another region.',
    'S3 has no list of what changed: every sync reads the whole list and compares dates. It sends no webhooks of its own.',
    'An object that is not there is answered as forbidden when the key lacks s3:ListBucket.',
    'The rate numbers and most of the error codes are not confirmed by a source of AWS; they are taken as seen.',
  ],
  // China and GovCloud are clouds of their own, at other hosts.
  hosts: { region: /^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d$/ },
  auth: [
    {
      id: 'access_key',
      title: 'With an access key',
      kind: 'api_key',
      fields: [
        {
          name: 'access_key_id',
          title: 'Access key ID',
          // Both parts of a key are exchanged at once, so that both lie in one version of one secret.
          secret: true,
          kind: 'text',
          help: 'IAM → Users → Security credentials → Access keys; it begins with AKIA',
          implies: (id) =>
            id.startsWith('ASIA') ? { problem: 'this key is a temporary one; give one that begins with AKIA' } : {},
        },
        {
          name: 'secret_access_key',
          title: 'Secret access key',
          secret: true,
          kind: 'text',
          help: 'Was shown once, when the access key was made',
        },
        {
          name: 'region',
          title: 'Region',
          secret: false,
          kind: 'text',
          fallback: 'us-east-1',
          help: 'The region of your buckets, like eu-west-1',
        },
      ],
      use: { in: 'sigv4', accessKeyId: '{access_key_id}', secretAccessKey: '{secret_access_key}' },
    },
  ],
  base: 'https://s3.{region}.amazonaws.com',
  xml: ['member', 'Bucket', 'Contents'],
  // It needs no permission, and names the account.
  verify: {
    method: 'POST',
    base: 'https://sts.{region}.amazonaws.com',
    path: '/',
    form: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    account: z
      .object({
        GetCallerIdentityResponse: z.object({
          GetCallerIdentityResult: z.object({ Account: z.string().regex(/^\d{12}$/), Arn: z.string() }),
        }),
      })
      .transform(({ GetCallerIdentityResponse: { GetCallerIdentityResult: caller } }) => ({
        accountId: caller.Account,
        accountName: `AWS account ${caller.Account} (${caller.Arn.split(':').at(-1)})`,
        settings: {},
      })),
  },
  errors: {
    // STS and IAM put an envelope around it.
    code: ['Error.Code', 'ErrorResponse.Error.Code'],
    rules: [
      {
        status: 403,
        is: ['InvalidClientTokenId', 'InvalidAccessKeyId'],
        fault: 'credential_rejected',
        message: 'does not know this access key; connect it again',
      },
      {
        status: 403,
        is: ['SignatureDoesNotMatch', 'MissingAuthenticationToken'],
        fault: 'credential_rejected',
        message:
          'this secret access key does not belong to the access key, or the clock here is wrong; connect it again',
      },
      {
        status: 400,
        is: ['ExpiredToken'],
        fault: 'credential_rejected',
        message: 'this key expired; connect it again',
      },
      {
        status: 403,
        is: ['RequestTimeTooSkewed'],
        fault: 'provider_rejected',
        message: 'the clock here is wrong by more than 15 minutes; set it',
      },
      {
        is: ['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'],
        fault: 'provider_rejected',
        message: 'this lies in another region; connect with that one',
        field: 'region',
      },
      {
        is: ['Throttling', 'SlowDown', 'TooManyRequests'],
        fault: 'provider_rate_limited',
        message: 'asks us to slow down',
      },
      {
        status: 409,
        is: ['BucketNotEmpty', 'BucketAlreadyExists', 'BucketAlreadyOwnedByYou', 'OperationAborted'],
        fault: 'conflict',
        message: 'the bucket is taken, or not empty',
      },
      {
        status: 409,
        is: ['LimitExceeded'],
        fault: 'conflict',
        message: 'this user has as many access keys as it may; delete the one that nobody uses',
      },
    ],
  },
  // For each prefix, of which a connection uses at least one; reads have 5,500.
  limits: [{ name: 'prefix', scope: 'connection', units: 3500, perSeconds: 1 }],
  keys: {
    where: 'IAM → Users → Security credentials → Access keys',
    api: {
      method: 'access_key',
      max: 2,
      settlesMs: 60_000,
      id: ({ access_key_id: id }) => id ?? null,
      create: {
        call: () => iam('CreateAccessKey'),
        id: 'CreateAccessKeyResponse.CreateAccessKeyResult.AccessKey.AccessKeyId',
        secret: {
          access_key_id: 'CreateAccessKeyResponse.CreateAccessKeyResult.AccessKey.AccessKeyId',
          secret_access_key: 'CreateAccessKeyResponse.CreateAccessKeyResult.AccessKey.SecretAccessKey',
        },
      },
      list: {
        call: iam('ListAccessKeys'),
        items: 'ListAccessKeysResponse.ListAccessKeysResult.AccessKeyMetadata.member',
        id: 'AccessKeyId',
        name: null,
      },
      remove: (id) => iam('DeleteAccessKey', { AccessKeyId: id }),
    },
  },
  streams: { containers, objects },
});
