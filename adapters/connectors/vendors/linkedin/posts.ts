import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { Fault } from '../../../../ports/errors.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { marked, unmarked } from './commentary.ts';
import { byOffset, inPath, moment, ORGANIZATION, perOrganization, POST } from './urns.ts';

const PARTIAL = { 'x-restli-method': 'PARTIAL_UPDATE' };
const text = z.string().min(1).max(3000);
const organizationId = z.string().regex(ORGANIZATION);

export const socialPosts = stream({
  title: 'Posts',
  ...perOrganization,
  text: true,
  model: 'social_posts',
  items: 'elements',
  paging: byOffset(
    ({ filter, page, sinceMs }) => ({
      path: '/posts',
      headers: { 'x-restli-method': 'FINDER' },
      // A whole scan goes by when they were made: one that changes meanwhile would move to the front, past us.
      query: {
        q: 'author',
        author: filter['organization'] ?? '',
        sortBy: sinceMs === null ? 'CREATED' : 'LAST_MODIFIED',
        ...page,
      },
    }),
    { since: { finds: 'changed', lookBackMs: 60_000, stops: true } },
  ),
  id: POST,
  one: (id) => ({ path: `/posts/${inPath(id)}` }),
  raw: z.object({
    ...{ id: z.string(), commentary: z.string().transform(unmarked), lifecycleState: z.string().nullish() },
    ...{ publishedAt: moment.nullish(), lastModifiedAt: moment },
  }),
  map: ({ id, commentary, lifecycleState, publishedAt, lastModifiedAt }) => ({
    ...{ externalId: id, modifiedAt: lastModifiedAt, text: commentary, status: lifecycleState ?? null },
    ...{ publishedAt: publishedAt ?? null, link: `https://www.linkedin.com/feed/update/${id}/` },
  }),
  writes: {
    create: writing({
      // LinkedIn refuses the same text for some minutes, and remembers no key.
      safety: 'unsafe',
      input: z.strictObject({ organizationId, text, visibility: z.enum(['PUBLIC', 'LOGGED_IN']).default('PUBLIC') }),
      call: ({ input: { organizationId: author, text: words, visibility } }) => ({
        method: 'POST',
        path: '/posts',
        body: {
          ...{
            author,
            commentary: marked(words),
            visibility,
            lifecycleState: 'PUBLISHED',
            isReshareDisabledByAuthor: false,
          },
          distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
        },
      }),
      // The answer is empty.
      receiptOf: ({ headers }) => {
        const id = headers.get('x-restli-id') ?? '';
        if (!POST.test(id)) throw new Fault('provider_garbage', 'LinkedIn does not say what it made');
        return { externalId: id, link: `https://www.linkedin.com/feed/update/${id}/` };
      },
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ text }),
      call: ({ input, id }) => ({
        method: 'POST',
        path: `/posts/${inPath(id)}`,
        headers: PARTIAL,
        body: { patch: { $set: { commentary: marked(input.text) } } },
      }),
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `/posts/${inPath(id)}` })),
  },
});

/** Comments point to the activity of a post, not to the post: their own name holds both. */
const COMMENT = /^urn:li:comment:\((urn:li:(?:activity|share|ugcPost):\d{1,25}),(\d{1,25})\)$/;
const pathOf = (urn: string): string => {
  const [, about = '', id = ''] = COMMENT.exec(urn) ?? [];
  return `/socialActions/${inPath(about)}/comments/${id}`;
};

export const comments = stream({
  title: 'Comments',
  text: false,
  path: '',
  query: {},
  per: { stream: 'social_posts', filter: 'postId' },
  filters: { postId: { param: 'post', like: POST } },
  items: 'elements',
  idAt: 'commentUrn',
  paging: byOffset(({ filter, page }) => ({
    path: `/socialActions/${inPath(filter['post'] ?? '')}/comments`,
    query: page,
  })),
  id: COMMENT,
  one: (id) => ({ path: pathOf(id) }),
  raw: z.object({
    ...{ commentUrn: z.string(), actor: z.string(), message: z.object({ text: z.string().transform(clean) }) },
    ...{ created: z.object({ time: moment }), lastModified: z.object({ time: moment }) },
  }),
  row: Row.extend({ text: z.string(), authorId: z.string(), createdAt: z.string() }),
  map: ({ commentUrn, actor, message, created, lastModified }) => ({
    ...{ externalId: commentUrn, modifiedAt: lastModified.time, text: message.text, authorId: actor },
    createdAt: created.time,
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({ postId: z.string().regex(POST), organizationId, text: z.string().min(1).max(1250) }),
      call: ({ input: { postId, organizationId: actor, text: words } }) => ({
        method: 'POST',
        path: `/socialActions/${inPath(postId)}/comments`,
        body: { actor, object: postId, message: { text: words } },
      }),
      receipt: z
        .object({ commentUrn: z.string() })
        .transform(({ commentUrn }) => ({ externalId: commentUrn, link: null })),
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ text: z.string().min(1).max(1250) }),
      call: ({ input, id }) => ({
        method: 'POST',
        path: pathOf(id),
        headers: PARTIAL,
        body: { patch: { message: { $set: { text: input.text } } } },
      }),
    }),
  },
});
