import { createHash } from 'node:crypto';
import type { Call, Reply } from '../../http.ts';
import { createCollection } from '../../records/collection.ts';
import { failed, nothing, xml } from './answers.ts';
import type { StoredObjects } from './objects.ts';

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const FIRST_REGION = 'us-east-1';
const token = (name: string): string => Buffer.from(name).toString('base64');
const named = (text: string | null): string => (text === null ? '' : Buffer.from(text, 'base64').toString('utf8'));

export type May = (permission: string, act: () => Reply) => Reply;

export function createBuckets(now: () => number, objects: StoredObjects, account: string) {
  let asked: string | undefined;
  const collection = createCollection<{ region: string }>({
    now,
    count: 3,
    spell: (place) => {
      const name = asked ?? `acme-reports-${String(place).padStart(4, '0')}`;
      asked = undefined;
      return name;
    },
    make: () => ({ region: 'eu-west-1' }),
    // A bucket's policy is none of what is listed; its date moves all the same.
    edit: (body) => body,
  });

  const list = ({ query }: Call): Reply => {
    const max = Number(query.get('max-buckets') ?? 10_000);
    if (!Number.isInteger(max) || max < 1 || max > 10_000)
      return failed(400, 'InvalidArgument', 'max-buckets is out of range');
    const after = named(query.get('continuation-token'));
    const all = collection
      .all()
      .filter(({ id, body }) => id > after && id.startsWith(query.get('prefix') ?? '') && inRegion(body.region, query))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const page = all.slice(0, max);
    return xml(200, 'ListAllMyBucketsResult', {
      Owner: { ID: createHash('sha256').update(account).digest('hex') },
      Buckets: {
        Bucket: page.map(({ id, body, changedAt, broken }) => ({
          Name: id,
          CreationDate: broken ? undefined : new Date(changedAt).toISOString(),
          BucketRegion: body.region,
        })),
      },
      ContinuationToken: all.length > max ? token(page.at(-1)?.id ?? '') : undefined,
    });
  };

  const make = (call: Call, name: string, region: string): Reply => {
    const wanted = /<LocationConstraint>([\w-]+)<\/LocationConstraint>/.exec(call.body.toString('utf8'))?.[1];
    if (!NAME.test(name)) return failed(400, 'InvalidBucketName', 'The specified bucket is not valid.');
    if (region === FIRST_REGION ? wanted !== undefined : wanted !== region)
      return failed(
        400,
        'IllegalLocationConstraintException',
        'The location constraint is incompatible for the region.',
      );
    if (collection.get(name)) {
      const own = failed(409, 'BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.');
      return region === FIRST_REGION ? nothing(200, { location: `/${name}` }) : own;
    }
    asked = name;
    collection.create({ region });
    return nothing(200, { location: `/${name}` });
  };

  const remove = (name: string): Reply => {
    if (objects.of(name).length > 0)
      return failed(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
    collection.remove(name);
    return nothing(204);
  };

  return {
    control: collection.control,
    regionOf: (name: string): string | undefined => collection.get(name)?.body.region,
    list,
    /** What is asked of a bucket itself, where its region is asked. */
    answer(call: Call, name: string, region: string, may: May): Reply {
      if (call.method === 'PUT') return may('s3:CreateBucket', () => make(call, name, region));
      const kept = collection.get(name);
      if (!kept) return failed(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
      if (call.query.has('location')) {
        // The first region is said by saying nothing.
        const said = kept.body.region === FIRST_REGION ? '' : kept.body.region;
        return may('s3:GetBucketLocation', () => xml(200, 'LocationConstraint', said));
      }
      if (kept.body.region !== region) return elsewhere(name, kept.body.region);
      if (call.method === 'DELETE') return may('s3:DeleteBucket', () => remove(name));
      if (call.method === 'HEAD') return may('s3:ListBucket', () => nothing(200, { 'x-amz-bucket-region': region }));
      return may('s3:ListBucket', () => listObjects(objects, call, name));
    },
  };
}

const inRegion = (region: string, query: URLSearchParams): boolean =>
  query.get('bucket-region') === null || query.get('bucket-region') === region;

export const elsewhere = (bucket: string, region: string): Reply => {
  const words = 'The bucket you are attempting to access must be addressed using the specified endpoint.';
  const moved = failed(301, 'PermanentRedirect', words, { Bucket: bucket, Endpoint: `s3.${region}.amazonaws.com` });
  return { ...moved, headers: { ...moved.headers, 'x-amz-bucket-region': region } };
};

/** The second version of the list; the first is what old clients ask for. */
function listObjects(objects: StoredObjects, { query }: Call, bucket: string): Reply {
  if (query.get('list-type') !== '2') return failed(501, 'NotImplemented', 'only list-type=2 is emulated');
  const max = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  if (!Number.isInteger(max) || max < 0) return failed(400, 'InvalidArgument', 'max-keys is not a number');
  const coded = query.get('encoding-type') === 'url';
  const prefix = query.get('prefix') ?? '';
  const after = named(query.get('continuation-token')) || (query.get('start-after') ?? '');
  const all = objects.of(bucket).filter(({ body: { key } }) => key.startsWith(prefix) && isAfter(key, after));
  const page = all.slice(0, max);
  const spelled = (key: string): string => (coded ? urlCoded(key) : key);
  return xml(200, 'ListBucketResult', {
    Name: bucket,
    Prefix: spelled(prefix),
    MaxKeys: max,
    KeyCount: page.length,
    ...(coded && { EncodingType: 'url' }),
    IsTruncated: all.length > page.length,
    NextContinuationToken: all.length > page.length ? token(page.at(-1)?.body.key ?? '') : undefined,
    Contents: page.map(({ body, changedAt, broken }) => ({
      Key: spelled(body.key),
      LastModified: broken ? undefined : new Date(changedAt).toISOString(),
      ETag: etagOf(body.bytes),
      Size: body.bytes.length,
      StorageClass: 'STANDARD',
    })),
  });
}

export const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;
const isAfter = (key: string, after: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
/** A blank is a plus there, and the slashes stay. */
const urlCoded = (key: string): string => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
