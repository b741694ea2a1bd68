import { z } from 'zod';
import type { Call } from '../../call.ts';
import type { Params } from '../../params.ts';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { BUCKET, decoded, KEY, OBJECT, partsOf, pathOf, withQuery } from './addresses.ts';

/** A name that somebody else registered meanwhile is another's bucket: nothing is written there. */
const ownersOnly = ({ accountId }: Params): Params =>
  accountId === undefined ? {} : { 'x-amz-expected-bucket-owner': accountId };

const content = {
  content: z.string().max(1_000_000),
  contentType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w-]+)*$/)
    .default('text/plain; charset=utf-8'),
};
const put = (path: string, settings: Params, type: string, text: string): Call => ({
  method: 'PUT',
  path,
  headers: { ...ownersOnly(settings), 'content-type': type },
  text,
});
const Made = z.object({ containerId: z.string(), name: z.string() });

export const objects = stream({
  title: 'Objects',
  text: false,
  path: '',
  query: {},
  per: { stream: 'containers', filter: 'containerId' },
  filters: { containerId: { param: 'bucket', like: BUCKET }, prefix: { param: 'prefix' } },
  items: 'ListBucketResult.Contents',
  absent: true,
  // The bucket is named once for all of them. One object is the list of those that begin with its key, which it leads.
  itemsOf: (json, { id }) => {
    const bucket = at(json, 'ListBucketResult.Name');
    const all = listAt(json, 'ListBucketResult.Contents', 'ListBucketResult').map((object) => {
      const key = at(object, 'Key');
      const name = typeof key === 'string' ? decoded(key) : null;
      return { ...(object as object), id: `${String(bucket)}/${name ?? ''}`, bucket, Key: name };
    });
    return id === undefined ? all : all.filter((object) => object.id === id);
  },
  paging: {
    kind: 'pages',
    sizeMax: 1000,
    call: ({ limit, position, filter: { bucket = '', prefix } }) => ({
      path: withQuery(pathOf(bucket), {
        'list-type': '2',
        'encoding-type': 'url',
        'max-keys': String(limit),
        ...(prefix !== undefined && { prefix }),
        ...(position !== null && { 'continuation-token': position }),
      }),
    }),
    next: { kind: 'cursor', at: 'ListBucketResult.NextContinuationToken' },
  },
  model: 'objects',
  id: OBJECT,
  one: (id) => {
    const { bucket, key } = partsOf(id);
    const query = { 'list-type': '2', 'encoding-type': 'url', 'max-keys': '1', prefix: key };
    return { path: withQuery(pathOf(bucket), query) };
  },
  raw: z.object({
    id: z.string(),
    bucket: z.string(),
    Key: z.string(),
    LastModified: z.iso.datetime(),
    Size: z.coerce.number().int().nonnegative(),
  }),
  // A list does not say of what type its objects are.
  map: ({ id, bucket, Key: name, LastModified: at, Size: bytes }) => ({
    ...{ externalId: id, modifiedAt: at, name, containerId: bucket, bytes, contentType: null },
  }),
  writes: {
    create: writing({
      // The same bytes under the same key are the same object.
      safety: 'idempotent',
      takesFile: true,
      input: z.strictObject({
        containerId: z.string().regex(BUCKET),
        name: z.string().regex(KEY),
        content: content.content.optional(),
        contentType: content.contentType,
      }),
      call: ({ input: { containerId, name, content: text = '', contentType }, settings, file }) => {
        const path = pathOf(containerId, name);
        return file
          ? { method: 'PUT', path, headers: ownersOnly(settings), file: 'raw' }
          : put(path, settings, contentType, text);
      },
      receiptOf: (_reply, { input }) => {
        const { containerId, name } = Made.parse(input);
        return { externalId: `${containerId}/${name}`, link: null };
      },
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject(content),
      call: ({ input: { content: text, contentType }, id, settings }) => {
        const { bucket, key } = partsOf(id);
        return put(pathOf(bucket, key), settings, contentType, text);
      },
    }),
    delete: deletion((id, settings) => {
      const { bucket, key } = partsOf(id);
      return { method: 'DELETE', path: pathOf(bucket, key), headers: ownersOnly(settings) };
    }),
  },
});
