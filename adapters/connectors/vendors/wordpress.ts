import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProposedPost } from '../../../ports/agents.ts';
import { CmsItem } from '../../../ports/connectors.ts';
import { creation, defineConnector, stream } from '../manifest.ts';
import type { Paging, Stream } from '../manifest.ts';
import { clean, plainText } from '../plain-text.ts';
import { safeHtml, text } from '../safe-html.ts';
import { discoverWordpress } from './wordpress-site.ts';

// A revoked application password makes a caller anonymous, and anonymous lists answer 200 with what is public. Asking for the
// editors' view makes them say 401 instead.
const EDITORS_VIEW = { context: 'edit' };
const PASSWORD_REFUSED =
  'the application password is not (or no longer) valid; make a new one in the profile of this user';

const PASSWORDS = '/users/me/application-passwords';

const paging: Paging = {
  kind: 'offset',
  size: 'per_page',
  sizeMax: 100,
  offset: 'offset',
  total: 'x-wp-total',
  // Never by `modified`: rows of one second change places between two pages.
  stable: { orderby: 'id', order: 'asc' },
  newest: { orderby: 'date', order: 'desc' },
  // Both bounds are exclusive and in whole seconds.
  window: { after: 'modified_after', before: 'modified_before', lookBackMs: 5_000 },
};

const Rendered = z.object({ rendered: z.string() });
const Item = z.object({
  id: z.int().positive(),
  modified_gmt: z.string().nullable(),
  slug: z.string(),
  status: z.string(),
  link: z.string().nullable().default(null),
  title: Rendered,
  content: Rendered.optional(),
});

const item = (given: z.output<typeof Item>): CmsItem => ({
  externalId: String(given.id),
  modifiedAt: utc(given.modified_gmt),
  title: plainText(given.title.rendered),
  text: plainText(given.content?.rendered ?? ''),
  link: given.link,
  status: given.status,
  slug: clean(given.slug),
});

/** Times in GMT come without a zone; a draft never touched has zeros. */
const utc = (gmt: string | null): string | null => {
  const ms = gmt === null ? Number.NaN : Date.parse(`${gmt}Z`);
  return Number.isNaN(ms) || ms < 0 ? null : new Date(ms).toISOString();
};

/** The marker is the draft's slug, and a slug keeps only a-z, 0-9 and hyphens. */
const slugOf = (marker: string): string =>
  /^bz-[a-z0-9-]{1,150}$/.test(marker)
    ? marker
    : `bz-${createHash('sha256').update(marker).digest('hex').slice(0, 40)}`;

const content = (path: string, title: string, more: Partial<Stream>): Stream =>
  stream({
    title,
    text: true,
    path,
    query: EDITORS_VIEW,
    filters: { search: { param: 'search' }, slug: { param: 'slug' } },
    items: '',
    paging,
    id: /^[1-9]\d{0,15}$/,
    removes: false,
    raw: Item,
    row: CmsItem,
    map: item,
    ...more,
  });

const STATUS = { param: 'status', values: ['publish', 'draft', 'pending', 'future', 'private', 'trash', 'any'] };

export const wordpress = defineConnector({
  id: 'wordpress',
  title: 'WordPress',
  category: 'cms',
  docs: 'https://developer.wordpress.org/rest-api/',
  auth: [
    {
      id: 'application_password',
      title: 'With an application password',
      kind: 'basic',
      use: { in: 'basic', user: '{username}', password: '{application_password}' },
      revoke: {
        how: 'itself',
        find: `${PASSWORDS}/introspect`,
        id: 'uuid',
        remove: `${PASSWORDS}/{id}`,
        yes: { at: 'deleted', is: [true] },
        // Which of them is a matter of the version: 6.1 takes whoever has a removed password for nobody.
        gone: ['rest_not_logged_in', 'incorrect_password', 'invalid_username', 'invalid_email'],
      },
      fields: [
        {
          name: 'site_url',
          title: 'Site address',
          secret: false,
          kind: 'url',
          help: 'The address of the site, like https://example.com',
          tidy: (url) => url.replace(/\/(wp-admin|wp-login\.php|wp-json)(\/.*)?$/, ''),
        },
        {
          name: 'username',
          title: 'User name',
          secret: false,
          kind: 'text',
          help: 'The login name of a user who may edit posts',
        },
        {
          name: 'application_password',
          title: 'Application password',
          secret: true,
          kind: 'text',
          help: 'Users → Profile → Application Passwords; not the password that you log in with',
          tidy: (password) => password.replace(/\s+/g, ''),
        },
      ],
    },
  ],
  base: '{api_root}/wp/v2',
  discover: discoverWordpress,
  verify: {
    path: '/users/me',
    query: EDITORS_VIEW,
    account: z
      .object({ id: z.int().positive(), name: z.string() })
      .transform(({ id, name }) => ({ accountId: String(id), accountName: clean(name), settings: {} })),
  },
  errors: {
    code: 'code',
    fields: 'data.params',
    rules: [
      {
        status: 401,
        is: ['invalid_username', 'invalid_email'],
        fault: 'credential_rejected',
        field: 'username',
        message: 'there is no such user on this site',
      },
      { status: 401, fault: 'credential_rejected', field: 'application_password', message: PASSWORD_REFUSED },
      // An anonymous caller who names a status that is not public.
      {
        status: 400,
        at: 'data.details.status.data.status',
        is: [401],
        fault: 'credential_rejected',
        message: PASSWORD_REFUSED,
      },
    ],
  },
  streams: {
    posts: content('/posts', 'Posts', {
      filters: { search: { param: 'search' }, slug: { param: 'slug' }, status: STATUS },
      removes: true,
      create: creation({
        path: '/posts',
        safety: 'probe',
        input: ProposedPost,
        body: (post, marker) => ({
          status: 'draft',
          slug: slugOf(marker),
          title: text(post.title),
          content: safeHtml(post.content),
        }),
        receipt: z
          .object({ id: z.int().positive(), link: z.url().nullable().catch(null) })
          .transform(({ id, link }) => ({ externalId: String(id), link })),
        // A bin gives a slug the suffix; a person who binned the draft has had it.
        probes: (marker) => [
          { ...EDITORS_VIEW, slug: slugOf(marker), status: 'any', orderby: 'id', order: 'asc' },
          { ...EDITORS_VIEW, slug: `${slugOf(marker)}__trashed`, status: 'trash', orderby: 'id', order: 'asc' },
        ],
      }),
    }),
    pages: content('/pages', 'Pages', {
      filters: { search: { param: 'search' }, slug: { param: 'slug' }, status: STATUS },
    }),
    media: content('/media', 'Media', { text: false }),
  },
});
