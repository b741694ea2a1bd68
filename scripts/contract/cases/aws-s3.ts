import type { ContractCase } from '../case.ts';

const failed = (code: string) =>
  `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>words</Message><RequestId>1</RequestId></Error>`;
const xml = { 'content-type': 'application/xml' };
const ID = 'AKIAEMULATEDKEY00001';

export const awsS3: ContractCase = {
  connector: 'aws-s3',
  vendor: 'aws-iam',
  method: 'access_key',
  settings: () => ({ region: 'eu-west-1', accountId: '123456789012' }),
  credential: () => ({ access_key_id: ID, secret_access_key: 'emulatedSecretAccessKey/emulated+key0001' }),
  wrong: { access_key_id: ID, secret_access_key: 'emulatedSecretAccessKey/not+this+one' },
  streams: {
    containers: { collection: 'buckets', create: { name: 'acme-press-kit' } },
    objects: {
      collection: 'objects',
      probe: { containerId: 'acme-reports-0000', prefix: 'reports/' },
      create: { containerId: 'acme-reports-0002', name: 'notes/día 1 (a+b).txt', content: 'Bread takes time' },
      update: { content: 'Bread takes more time' },
    },
  },
  errors: [
    { name: 'expired', status: 400, headers: xml, body: failed('ExpiredToken'), fault: 'credential_rejected' },
    { name: 'revoked', status: 403, headers: xml, body: failed('InvalidAccessKeyId'), fault: 'credential_rejected' },
    {
      name: 'wrong secret',
      status: 403,
      headers: xml,
      body: failed('SignatureDoesNotMatch'),
      fault: 'credential_rejected',
    },
    { name: 'forbidden', status: 403, headers: xml, body: failed('AccessDenied'), fault: 'credential_forbidden' },
    { name: 'clock', status: 403, headers: xml, body: failed('RequestTimeTooSkewed'), fault: 'provider_rejected' },
    { name: 'missing', status: 404, headers: xml, body: failed('NoSuchBucket'), fault: 'not_found' },
    { name: 'throttled', status: 503, headers: xml, body: failed('SlowDown'), fault: 'provider_rate_limited' },
    { name: 'out of order', status: 500, headers: xml, body: failed('InternalError'), fault: 'provider_down' },
    { name: 'conflict', status: 409, headers: xml, body: failed('BucketNotEmpty'), fault: 'conflict' },
    { name: 'invalid', status: 400, headers: xml, body: failed('InvalidArgument'), fault: 'provider_rejected' },
    {
      name: 'elsewhere',
      status: 400,
      headers: xml,
      body: failed('AuthorizationHeaderMalformed'),
      fault: 'provider_rejected',
    },
  ],
};
