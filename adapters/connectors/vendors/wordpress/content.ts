import { z } from 'zod';
import type { UploadRef } from '../../../../ports/connectors.ts';
import { fromGmt } from '../../gmt.ts';
import { clean, plainText } from '../../plain-text.ts';
import { safeHtml, text } from '../../safe-html.ts';
import type { Params } from '../../params.ts';
import { stream } from '../../streams.ts';
import type { Stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import type { Write } from '../../writes.ts';
import { dated, EDITORS_VIEW, ID, receipt, slugOf } from './lists.ts';

const Rendered = z.object({ rendered: z.string() });
const Item = z.object({
  id: z.int().positive(),
  modified_gmt: z.string().nullable(),
  slug: z.string(),
  status: z.string(),
  link: z.string().nullable().default(null),
  title: Rendered,
  content: Rendered.optional(),
  /** Of media, which have no text but what is said of them to those who cannot see. */
  alt_text: z.string().optional(),
});

/** Posts, pages and media are told alike. */
const content = (path: string, title: string, more: Partial<Stream>): Stream => ({
  ...stream({
    title,
    model: 'posts',
    text: true,
    path,
    query: EDITORS_VIEW,
    filters: { search: { param: 'search' }, slug: { param: 'slug' } },
    search: 'search',
    items: '',
    paging: dated,
    id: ID,
    raw: Item,
    map: (item) => ({
      externalId: String(item.id),
      modifiedAt: fromGmt(item.modified_gmt),
      title: plainText(item.title.rendered),
      text: plainText(item.content?.rendered ?? item.alt_text ?? ''),
      link: item.link,
      status: item.status,
      slug: clean(item.slug),
    }),
  }),
  ...more,
});

const Article = z.strictObject({
  title: z.string().trim().min(1).max(200),
  /** HTML, of which only what sets text is kept. */
  content: z.string().trim().min(1).max(500_000),
  excerpt: z.string().max(5000).optional(),
  status: z.enum(['draft', 'publish', 'pending', 'future', 'private']).default('draft'),
});
const FILED = { categories: z.array(z.int().positive()).optional(), featured_media: z.int().positive().optional() };
const Post = Article.extend(FILED);
/** What may be changed later. A new status is asked for, never supposed. */
const CHANGED = { slug: z.string().max(200), status: Article.shape.status.unwrap() };
const ArticleChange = Article.extend(CHANGED).partial();
const PostChange = Post.extend(CHANGED).partial();

const written = ({ title, content: html, excerpt, ...rest }: z.output<typeof PostChange>) => ({
  ...rest,
  ...(title !== undefined && { title: text(title) }),
  ...(html !== undefined && { content: safeHtml(html) }),
  ...(excerpt !== undefined && { excerpt: text(excerpt) }),
});

const article = (path: string, input: typeof Article | typeof Post): Write =>
  writing({
    safety: 'probe',
    input,
    call: ({ input: post, marker }) => ({
      method: 'POST',
      path,
      body: { ...written(post), slug: slugOf(marker) },
    }),
    receipt,
    // A bin gives a slug the suffix; a person who binned the draft has had it.
    probes: ({ marker }) =>
      [
        { ...EDITORS_VIEW, slug: slugOf(marker), status: 'any', orderby: 'id', order: 'asc' },
        { ...EDITORS_VIEW, slug: `${slugOf(marker)}__trashed`, status: 'trash', orderby: 'id', order: 'asc' },
      ].map((query) => ({ call: { path, query }, items: '' })),
  });

const rewriting = (path: string, input: typeof ArticleChange | typeof PostChange): Write =>
  writing({
    safety: 'idempotent',
    input,
    call: ({ input: post, id }) => ({ method: 'POST', path: `${path}/${id}`, body: written(post) }),
    receipt,
  });

const STATUS = { param: 'status', values: ['publish', 'draft', 'pending', 'future', 'private', 'trash', 'any'] };
const ARTICLES = { search: { param: 'search' }, slug: { param: 'slug' }, status: STATUS };
/** To the bin, where the owner finds it again. */
const toBin = (path: string) => deletion((id) => ({ method: 'DELETE', path: `${path}/${id}` }));

export const posts = content('/posts', 'Posts', {
  filters: { ...ARTICLES, category: { param: 'categories' } },
  writes: {
    create: article('/posts', Post),
    update: rewriting('/posts', PostChange),
    delete: toBin('/posts'),
  },
});

export const pages = content('/pages', 'Pages', {
  model: 'pages',
  filters: ARTICLES,
  writes: {
    create: article('/pages', Article),
    update: rewriting('/pages', ArticleChange),
    delete: toBin('/pages'),
  },
});

const Picture = z.strictObject({ title: z.string().max(200).optional(), alt_text: z.string().max(1000).optional() });

const said = ({ title, alt_text: alt }: z.output<typeof Picture>): Params => ({
  ...(title !== undefined && { title }),
  ...(alt !== undefined && { alt_text: alt }),
});

/** The site takes the kind of the file by the end of its name. */
const disposition = (file: UploadRef | undefined) => ({
  'content-disposition': `attachment; filename="${(file?.name ?? 'file').replace(/[^A-Za-z0-9._-]+/g, '-').slice(-100)}"`,
});

export const media = content('/media', 'Media', {
  model: 'media',
  text: false,
  writes: {
    create: writing({
      safety: 'probe',
      takesFile: true,
      input: Picture,
      call: ({ input, marker, file }) => ({
        method: 'POST',
        path: '/media',
        query: { ...said(input), slug: slugOf(marker) },
        headers: disposition(file),
        file: 'raw',
      }),
      receipt,
      probes: ({ marker }) => [
        { call: { path: '/media', query: { ...EDITORS_VIEW, slug: slugOf(marker) } }, items: '' },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: Picture,
      call: ({ input, id }) => ({ method: 'POST', path: `/media/${id}`, body: input }),
      receipt,
    }),
    // Media have no bin.
    delete: deletion((id) => ({ method: 'DELETE', path: `/media/${id}`, query: { force: 'true' } })),
  },
});
