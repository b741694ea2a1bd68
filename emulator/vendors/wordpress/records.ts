import type { CollectionControl } from '../../records/collection.ts';
import type { RecordsControl } from '../../records/control.ts';
import { createLimiter } from '../../records/limiter.ts';
import { further } from './bakery.ts';
import { addPicture, addStory, type Resource, type Site } from './site.ts';

/** The records of one site. Posts, pages and media share one row of ids, so that they are not collections of their own. */
export function siteRecords(site: () => Site, now: () => number) {
  const limiter = createLimiter(now);
  const ofSite = (name: 'categories' | 'users'): CollectionControl => ({
    ids: () => site()[name].control.ids(),
    seed: (count) => site()[name].control.seed(count),
    insert: () => site()[name].control.insert(),
    touch: (id) => site()[name].control.touch(id),
    remove: (id) => site()[name].control.remove(id),
    garble: (id, broken) => site()[name].control.garble(id, broken),
    writes: () => site()[name].control.writes(),
  });
  const control: RecordsControl = {
    collections: {
      posts: items(site, 'posts'),
      pages: items(site, 'pages'),
      media: items(site, 'media'),
      categories: ofSite('categories'),
      users: ofSite('users'),
    },
    limiter: limiter.control,
  };
  return { control, limiter };
}

function items(site: () => Site, resource: Resource): CollectionControl {
  const all = () => [...site().items.values()].filter((item) => item.resource === resource);
  const get = (id: string) => all().find((item) => String(item.id) === id);
  let made = 0;
  const add = (at: number) => {
    made += 1;
    const item =
      resource === 'media' ? addPicture(site(), made) : addStory(site(), resource, { ...further(made), modified: '' });
    return Object.assign(item, { date: at, modified: at });
  };
  return {
    ids: () =>
      all()
        .filter(({ status }) => status !== 'trash')
        .map(({ id }) => String(id)),
    seed(count) {
      for (const { id } of all()) site().items.delete(id);
      site().log = site().log.filter((entry) => entry.resource !== resource);
      for (let left = count - 1; left >= 0; left -= 1) add(site().now() - left * 1000);
    },
    insert: () => String(add(site().now()).id),
    touch(id) {
      const item = get(id);
      if (!item) return;
      // The vendor's times are whole seconds, and two changes within one do not differ by them.
      Object.assign(item, { title: `${item.title}, again`, modified: Math.max(site().now(), item.modified) });
    },
    remove: (id) => void site().items.delete(Number(id)),
    garble(id, broken = true) {
      const item = get(id);
      if (item) item.broken = broken;
    },
    writes: () =>
      site()
        .log.filter((entry) => entry.resource === resource)
        .map(({ kind, id }) => ({ kind, id })),
  };
}
