import { html, type Handler, type Reply } from '../../http.ts';
import type { RecordsControl } from '../../records/control.ts';
import type { Origin } from '../../world.ts';
import { authorizeApplication } from './authorize-application.ts';
import { identify } from './identify.ts';
import { siteRecords } from './records.ts';
import { siteRoutes } from './routes.ts';
import { createSite, type Item, type Resource, type Site, type SiteSize } from './site.ts';
import { binItem } from './write-items.ts';

/** One site in the hand of a test: what its owner does in the admin pages, behind the API's back. */
interface SiteControl {
  url: string;
  /** Copies, trashed ones included, by id. */
  items: (resource: Resource) => Item[];
  /** Modified now, like any edit. */
  edit: (id: number, change: Partial<Pick<Item, 'title' | 'content' | 'excerpt' | 'status' | 'slug'>>) => void;
  /** To the bin, or for good. Silent when it is gone. */
  remove: (id: number, force?: boolean) => void;
}

export interface WordpressControl {
  /** Makes the site if it is new; with a size given, makes it anew. */
  site: (name: string, size?: SiteSize) => SiteControl;
  /** Whether the application password is good. Makes the site if it is new. */
  password: (name: string, valid: boolean) => void;
}

export interface Wordpress {
  records: RecordsControl;
  handle: Handler;
  control: (emulatorUrl: () => string) => WordpressControl;
}

/** Core has no limit; hosts and firewalls in front of it do, and this is how they say so. */
const tooMany = (): Reply => ({ status: 429, headers: { 'retry-after': '1' }, body: 'Too Many Requests' });

export function createWordpress({ now }: Origin): Wordpress {
  const sites = new Map<string, { site: Site; handle: Handler }>();

  const build = (name: string, size: SiteSize = {}): Site => {
    const site = createSite(name, size, now);
    sites.set(name, { site, handle: siteRoutes(site, identify) });
    return site;
  };
  build('demo');
  const siteNamed = (name: string): Site => sites.get(name)?.site ?? build(name);
  const records = siteRecords(() => siteNamed('demo'), now);

  return {
    /** Those of the site `demo`. */
    records: records.control,
    handle(call) {
      const [, name = '', path = ''] = /^\/([^/]*)(.*)$/.exec(call.path) ?? [];
      const found = sites.get(name);
      if (!found) return html(404, '<!doctype html><title>Not found</title><h1>There is no such site</h1>');
      const { site, handle } = found;
      const inside = { ...call, path: path || '/', base: `${call.base}/${name}` };
      if (records.limiter.take()?.ok === false) return tooMany();
      return inside.path === '/wp-admin/authorize-application.php'
        ? authorizeApplication(site, inside)
        : handle(inside);
    },
    control: (emulatorUrl) => ({
      site(name, size) {
        if (!/^[a-z0-9-]+$/.test(name)) throw new Error('a site is named in lower-case letters, digits and hyphens');
        if (size) build(name, size);
        else siteNamed(name);
        return {
          url: `${emulatorUrl()}/wordpress/${name}`,
          items: (resource) =>
            [...siteNamed(name).items.values()]
              .filter((item) => item.resource === resource)
              .map((item) => ({ ...item })),
          edit(id, change) {
            const site = siteNamed(name);
            const item = site.items.get(id);
            if (!item) throw new Error(`${name} has no item ${id}`);
            Object.assign(item, change, { modified: site.now() });
          },
          remove(id, force = false) {
            const site = siteNamed(name);
            const item = site.items.get(id);
            if (force) site.items.delete(id);
            else if (item && item.status !== 'trash') binItem(site, item);
          },
        };
      },
      password: (name, valid) => void (siteNamed(name).passwordValid = valid),
    }),
  };
}
