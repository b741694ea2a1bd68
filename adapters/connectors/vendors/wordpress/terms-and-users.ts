import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { clean, plainText } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { EDITORS_VIEW, ID, receipt, undated } from './lists.ts';

const Category = z.strictObject({
  name: z.string().trim().min(1).max(200),
  slug: z.string().max(200).optional(),
  description: z.string().max(5000).optional(),
  /** Id of the category that it belongs under. */
  parent: z.int().min(0).optional(),
});

export const categories = stream({
  title: 'Categories',
  text: false,
  path: '/categories',
  query: { ...EDITORS_VIEW, hide_empty: 'false' },
  filters: { search: { param: 'search' }, slug: { param: 'slug' }, parent: { param: 'parent' } },
  search: 'search',
  items: '',
  paging: undated,
  id: ID,
  raw: z.object({
    id: z.int().positive(),
    name: z.string(),
    slug: z.string(),
    count: z.int(),
    parent: z.int(),
    link: z.string().nullable().default(null),
  }),
  row: Row.extend({
    name: z.string(),
    slug: z.string(),
    posts: z.int(),
    parentId: z.string().nullable(),
    link: z.string().nullable(),
  }),
  map: ({ id, name, slug, count, parent, link }) => ({
    externalId: String(id),
    modifiedAt: null,
    name: plainText(name),
    slug: clean(slug),
    posts: count,
    parentId: parent === 0 ? null : String(parent),
    link,
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Category,
      call: ({ input }) => ({ method: 'POST', path: '/categories', body: input }),
      receipt,
      // A name is there once under each parent: whoever finds it needs not make it, and a second one is refused.
      probes: ({ input }) => [
        {
          call: { path: '/categories', query: { ...EDITORS_VIEW, hide_empty: 'false', ...named(input) } },
          items: '',
          is: (found) => plainText(Named.safeParse(found).data?.name ?? '') === input.name,
        },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: Category.partial(),
      call: ({ input, id }) => ({ method: 'POST', path: `/categories/${id}`, body: input }),
      receipt,
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `/categories/${id}`, query: { force: 'true' } })),
  },
});

const Named = z.object({ name: z.string() });
/** The site keeps `&` as `&amp;` and searches what it keeps: so only the longest part is searched for that reads the same there. */
const named = ({ name, parent = 0 }: z.output<typeof Category>) => ({
  search: name
    .split(/[&<>"']/)
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '')
    .trim(),
  parent: String(parent),
  per_page: '100',
});

const Person = z.strictObject({
  email: z.email(),
  name: z.string().max(200).optional(),
  first_name: z.string().max(100).optional(),
  last_name: z.string().max(100).optional(),
  /** Names of the site's roles, such as `editor`. */
  roles: z.array(z.string()).optional(),
});
const Newcomer = z.strictObject({ username: z.string().min(1).max(60), ...Person.shape });

export const users = stream({
  title: 'Users',
  text: false,
  path: '/users',
  query: EDITORS_VIEW,
  filters: { search: { param: 'search' }, role: { param: 'roles' } },
  search: 'search',
  items: '',
  paging: undated,
  id: ID,
  raw: z.object({
    id: z.int().positive(),
    username: z.string(),
    name: z.string(),
    email: z.string(),
    roles: z.array(z.string()),
    registered_date: z.string(),
  }),
  row: Row.extend({
    username: z.string(),
    name: z.string(),
    email: z.string(),
    roles: z.array(z.string()),
    registeredAt: z.string().nullable(),
  }),
  map: ({ id, username, name, email, roles, registered_date: registered }) => ({
    externalId: String(id),
    modifiedAt: null,
    username: clean(username),
    name: plainText(name),
    email: clean(email),
    roles,
    registeredAt: Number.isNaN(Date.parse(registered)) ? null : new Date(registered).toISOString(),
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Newcomer,
      // A password must be given, and nobody learns this one: the person sets another by the site's own letter.
      call: ({ input }) => ({
        method: 'POST',
        path: '/users',
        body: { ...input, password: randomBytes(24).toString('base64url') },
      }),
      receipt,
      // A user name is there once, for ever.
      probes: ({ input }) => [
        {
          call: { path: '/users', query: { ...EDITORS_VIEW, search: input.username, per_page: '100' } },
          items: '',
          is: (found) => Known.safeParse(found).data?.username === input.username,
        },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: Person.partial(),
      call: ({ input, id }) => ({ method: 'POST', path: `/users/${id}`, body: input }),
      receipt,
    }),
    // What they wrote goes to whoever the connection speaks for.
    delete: deletion((id, { user_id: heir = '' }) => ({
      method: 'DELETE',
      path: `/users/${id}`,
      query: { force: 'true', reassign: heir },
    })),
  },
});

const Known = z.object({ username: z.string() });
