import { askedHost, type Call, type Reply } from '../../http.ts';
import type { RecordsControl } from '../../records/control.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { Origin } from '../../world.ts';
import type { ApiKey } from '../api-keys.ts';
import { isBodyAsSaid, isSignedBy, signatureIn } from '../aws-signature.ts';
import { failed, nothing } from './answers.ts';
import { createBuckets, elsewhere, etagOf, type May } from './buckets.ts';
import { createStored } from './objects.ts';

const CLOCK_SKEW_MS = 900_000;

export const S3_PERMISSIONS = [
  ...[
    's3:ListAllMyBuckets',
    's3:ListBucket',
    's3:GetBucketLocation',
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
  ],
  ...['s3:CreateBucket', 's3:DeleteBucket'],
];

/** Buckets and objects, path style, at the host of each region. Every request is signed. */
export function createS3({ now }: Origin, keyOf: (id: string) => ApiKey | undefined, account: string) {
  const objects = createStored(now);
  const buckets = createBuckets(now, objects, account);
  const limiter = createLimiter(now);

  const caller = (call: Call): ApiKey | Reply => {
    const given = signatureIn(call);
    if (!given) return failed(403, 'AccessDenied', 'Access Denied');
    const key = keyOf(given.keyId);
    if (!key)
      return failed(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
        AWSAccessKeyId: given.keyId,
      });
    const stated = [call.headers['x-amz-date']].flat()[0] ?? '';
    const at = Date.parse(stated.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    if (Number.isNaN(at) || Math.abs(now() - at) > CLOCK_SKEW_MS)
      return failed(
        403,
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
      );
    const region = regionOf(call);
    if (given.region !== region)
      return failed(
        400,
        'AuthorizationHeaderMalformed',
        `the region '${given.region}' is wrong; expecting '${region}'`,
        {
          Region: region,
        },
      );
    if (given.service !== 's3' || !isSignedBy(key.secret, call, given))
      return failed(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided.',
      );
    if (!isBodyAsSaid(call))
      return failed(
        400,
        'XAmzContentSHA256Mismatch',
        'The provided x-amz-content-sha256 header does not match what was computed.',
      );
    const [owner] = [call.headers['x-amz-expected-bucket-owner']].flat();
    return owner === undefined || owner === account ? key : failed(403, 'AccessDenied', 'Access Denied');
  };

  const handle = (call: Call): Reply => {
    const key = caller(call);
    if ('status' in key) return key;
    if (limiter.take()?.ok === false) return failed(503, 'SlowDown', 'Please reduce your request rate.');
    const [, bucket = '', path = ''] = /^\/([^/]*)\/?(.*)$/s.exec(call.path) ?? [];
    const may: May = (permission, act) =>
      key.scopes.includes(permission) ? act() : failed(403, 'AccessDenied', 'Access Denied');
    if (bucket === '') return may('s3:ListAllMyBuckets', () => buckets.list(call));
    if (path === '') return buckets.answer(call, bucket, regionOf(call), may);
    const region = buckets.regionOf(bucket);
    if (region === undefined)
      return failed(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket });
    if (region !== regionOf(call)) return elsewhere(bucket, region);
    return onObject(call, bucket, decodeURIComponent(path), may);
  };

  const onObject = (call: Call, bucket: string, key: string, may: May): Reply => {
    const found = objects.find(bucket, key);
    switch (call.method) {
      case 'PUT':
        return may('s3:PutObject', () => {
          const contentType = call.headers['content-type'] ?? 'binary/octet-stream';
          objects.put({ bucket, key, bytes: call.body, contentType });
          return nothing(200, { etag: etagOf(call.body) });
        });
      case 'DELETE':
        return may('s3:DeleteObject', () => {
          objects.remove(bucket, key);
          return nothing(204);
        });
      case 'GET':
      case 'HEAD':
        return may('s3:GetObject', () => {
          if (!found) return failed(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
          const { bytes, contentType } = found.body;
          const headers = { etag: etagOf(bytes), 'last-modified': new Date(found.changedAt).toUTCString() };
          return { status: 200, headers: { 'content-type': contentType, ...headers }, body: bytes };
        });
      default:
        return failed(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
    }
  };

  const records: RecordsControl = {
    collections: { buckets: buckets.control, objects: objects.control },
    limiter: limiter.control,
  };
  return { handle, records };
}

const regionOf = (call: Call): string =>
  /^s3\.([\w-]+)\.amazonaws\.com$/.exec(askedHost(call) ?? '')?.[1] ?? 'us-east-1';
