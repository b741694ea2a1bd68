import type { Collection } from '../../records/collection.ts';
import { further, PAGES, PICTURES, STORIES, type Story } from './bakery.ts';
import { createCategories, type Term } from './categories.ts';
import { slugOf } from './words.ts';
import { createUsers, type Member } from './users.ts';

const RESOURCES = ['posts', 'pages', 'media'] as const;
export type Resource = (typeof RESOURCES)[number];

export const isResource = (name: string): name is Resource => (RESOURCES as readonly string[]).includes(name);

export interface Item {
  id: number;
  resource: Resource;
  status: string;
  slug: string;
  title: string;
  content: string;
  excerpt: string;
  /** Epoch milliseconds, whole seconds: the vendor's dates know no finer. */
  date: number;
  modified: number;
  mimeType?: string;
  altText?: string;
  /** It is sent without its title, which the vendor's documents promise. */
  broken?: boolean;
}

export interface Site {
  name: string;
  passwordValid: boolean;
  categories: Collection<Term>;
  users: Collection<Member>;
  /** Writes by API that took effect, the oldest first. */
  log: { resource: Resource; kind: 'create' | 'update' | 'delete'; id: string }[];
  /** Of all resources together, since they share one row of ids. */
  items: Map<number, Item>;
  add: (given: Omit<Item, 'id' | 'date' | 'modified'> & { date?: number; modified?: number }) => Item;
  /** Whole seconds of the emulator's clock. */
  now: () => number;
}

export interface SiteSize {
  posts?: number;
  pages?: number;
  media?: number;
}

export function createSite(name: string, { posts = 12, pages = 5, media = 4 }: SiteSize, clock: () => number): Site {
  const now = () => Math.floor(clock() / 1000) * 1000;
  const items = new Map<number, Item>();
  let lastId = 100;
  const site: Site = {
    name,
    passwordValid: true,
    categories: createCategories(now),
    users: createUsers(now),
    log: [],
    items,
    now,
    add(given) {
      lastId += 1;
      const item = { date: now(), modified: now(), ...given, id: lastId };
      items.set(item.id, item);
      return item;
    },
  };
  for (let index = 0; index < media; index += 1) addPicture(site, index);
  for (let index = 0; index < pages; index += 1) addStory(site, 'pages', PAGES[index] ?? further(index));
  for (let index = 0; index < posts; index += 1) {
    addStory(site, 'posts', STORIES[index] ?? further(index - STORIES.length));
  }
  return site;
}

export function addStory(site: Site, resource: Resource, { title, text, excerpt = '', modified }: Story): Item {
  const changed = Math.floor(Date.parse(modified) / 1000) * 1000;
  return site.add({
    resource,
    status: 'publish',
    slug: uniqueSlug(site, slugOf(title)),
    title,
    content: text.map((paragraph) => `<p>${paragraph}</p>`).join('\n'),
    excerpt,
    date: changed - 86_400_000,
    modified: changed,
  });
}

export function addPicture(site: Site, index: number): Item {
  const title = PICTURES[index] ?? `IMG_${2100 + index}`;
  const taken = Date.parse('2024-05-04T10:00:00Z') + index * 3_600_000;
  return site.add({
    resource: 'media',
    status: 'inherit',
    slug: uniqueSlug(site, slugOf(title)),
    title,
    content: '',
    excerpt: '',
    mimeType: 'image/jpeg',
    altText: title.startsWith('IMG_') ? '' : title,
    date: taken,
    modified: taken,
  });
}

/** A number behind a slug that is taken. Drafts never come here: the vendor lets two drafts have one slug. */
export function uniqueSlug(site: Site, slug: string, self?: Item): string {
  const taken = new Set([...site.items.values()].filter((item) => item !== self).map((item) => item.slug));
  let candidate = slug;
  for (let count = 2; taken.has(candidate); count += 1) candidate = `${slug}-${count}`;
  return candidate;
}
