import { z } from 'zod';
import { listAt } from '../../list-at.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { BUCKET, pathOf, withQuery } from './addresses.ts';

const LIST = 'ListAllMyBucketsResult.Buckets.Bucket';
const Named = z.object({ Name: z.string() });
const Wanted = z.strictObject({ name: z.string().regex(BUCKET) });

/** Those of the connection's region: a bucket elsewhere is asked at another address, with another signature. */
const asked = (region: string, more: Record<string, string>) => ({
  path: withQuery('/', { 'bucket-region': region, ...more }),
});

export const containers = stream({
  title: 'Buckets',
  text: false,
  path: '',
  query: {},
  filters: {},
  items: LIST,
  absent: true,
  // One bucket is asked for by its name's beginning, which others may have as well.
  itemsOf: (json, { id }) => {
    const all = listAt(json, LIST, 'ListAllMyBucketsResult.Buckets');
    return id === undefined ? all : all.filter((bucket) => Named.safeParse(bucket).data?.Name === id);
  },
  paging: {
    kind: 'pages',
    sizeMax: 1000,
    call: ({ limit, position, settings: { region = '' } }) =>
      asked(region, { 'max-buckets': String(limit), ...(position !== null && { 'continuation-token': position }) }),
    next: { kind: 'cursor', at: 'ListAllMyBucketsResult.ContinuationToken' },
  },
  model: 'containers',
  id: BUCKET,
  idAt: 'Name',
  one: (id, { region = '' }) => asked(region, { prefix: id, 'max-buckets': '1' }),
  raw: z.object({ Name: z.string(), CreationDate: z.iso.datetime() }),
  map: ({ Name: name, CreationDate: at }) => ({ externalId: name, modifiedAt: null, name, createdAt: at }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Wanted,
      call: ({ input: { name }, settings: { region = '' } }) => ({
        method: 'PUT',
        path: pathOf(name),
        // The first region is said by saying nothing.
        ...(region !== 'us-east-1' && {
          headers: { 'content-type': 'application/xml' },
          text: `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`,
        }),
      }),
      // The answer is empty; a probe's is a bucket of the list.
      receiptOf: (_reply, { input }) => ({ externalId: Wanted.parse(input).name, link: null }),
      receipt: Named.transform(({ Name: name }) => ({ externalId: name, link: null })),
      probes: ({ input: { name } }) => [
        {
          call: { path: withQuery('/', { prefix: name, 'max-buckets': '1' }) },
          items: LIST,
          is: (bucket) => Named.safeParse(bucket).data?.Name === name,
        },
      ],
    }),
    // An empty one; S3 refuses the others.
    delete: deletion((id) => ({ method: 'DELETE', path: pathOf(id) })),
  },
});
