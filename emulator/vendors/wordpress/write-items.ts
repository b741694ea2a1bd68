import { json, record, type Call, type Reply } from '../../http.ts';
import { invalidParam, wpError } from './errors.ts';
import { given as givenIn } from './given.ts';
import { pickFields, rendered } from './render.ts';
import { uniqueSlug, type Item, type Resource, type Site } from './site.ts';
import { slugOf } from './words.ts';

const STATUSES = ['publish', 'draft', 'pending', 'future', 'private'];

interface Fields {
  title?: string;
  content?: string;
  excerpt?: string;
  slug?: string;
  status?: string;
  altText?: string;
}

export function getItem(item: Item, { query, base }: Call, owner: boolean): Reply {
  const edit = query.get('context') === 'edit';
  if (edit && !owner) return wpError(401, 'rest_forbidden_context', 'Sorry, you are not allowed to edit this post.');
  if (!owner && item.status !== 'publish' && item.status !== 'inherit') {
    return wpError(401, 'rest_forbidden', 'Sorry, you are not allowed to do that.');
  }
  return json(200, pickFields(rendered(item, base, edit), query.get('_fields')));
}

export function createItem(site: Site, resource: Resource, call: Call, owner: boolean): Reply {
  if (!owner) return wpError(401, 'rest_cannot_create', 'Sorry, you are not allowed to create posts as this user.');
  if (resource === 'media') return upload(site, call);
  const fields = fieldsOf(call);
  const { title = '', content = '', excerpt = '', status = 'draft' } = fields;
  if (!STATUSES.includes(status)) return invalidParam('status', `status is not one of ${STATUSES.join(', ')}.`);
  if (!title && !content && !excerpt) return wpError(400, 'empty_content', 'Content, title, and excerpt are empty.');
  const slug = slugFor(site, fields.slug, title, status);
  return created(site, call, site.add({ resource, status, slug, title, content, excerpt }));
}

export function updateItem(site: Site, item: Item, call: Call, owner: boolean): Reply {
  if (!owner) return wpError(401, 'rest_cannot_edit', 'Sorry, you are not allowed to edit this post.');
  const fields = fieldsOf(call);
  if (fields.status !== undefined && !STATUSES.includes(fields.status)) {
    return invalidParam('status', `status is not one of ${STATUSES.join(', ')}.`);
  }
  const status = fields.status ?? item.status;
  const slug = slugFor(site, fields.slug ?? item.slug, fields.title ?? item.title, status, item);
  Object.assign(item, fields, { status, slug, modified: site.now() });
  site.log.push({ resource: item.resource, kind: 'update', id: String(item.id) });
  return json(200, rendered(item, call.base, true));
}

/** To the bin, where lists no longer see it; `force=true` for good. Media has no bin. */
export function deleteItem(site: Site, item: Item, { query, base }: Call, owner: boolean): Reply {
  if (!owner) return wpError(401, 'rest_cannot_delete', 'Sorry, you are not allowed to delete this post.');
  const previous = rendered(item, base, true);
  if (query.get('force') === 'true' || query.get('force') === '1') {
    site.items.delete(item.id);
    site.log.push({ resource: item.resource, kind: 'delete', id: String(item.id) });
    return json(200, { deleted: true, previous });
  }
  if (item.resource === 'media') {
    return wpError(501, 'rest_trash_not_supported', "The post does not support trashing. Set 'force=true' to delete.");
  }
  if (item.status === 'trash') return wpError(410, 'rest_already_trashed', 'The post has already been deleted.');
  binItem(site, item);
  site.log.push({ resource: item.resource, kind: 'delete', id: String(item.id) });
  return json(200, rendered(item, base, true));
}

export function binItem(site: Site, item: Item): void {
  Object.assign(item, { status: 'trash', slug: `${item.slug}__trashed`, modified: site.now() });
}

/** The file is the body; what else is to be kept of it stands in the query. */
function upload(site: Site, call: Call): Reply {
  const [, filename] = /filename="?([^";]+)"?/.exec(call.headers['content-disposition'] ?? '') ?? [];
  if (!filename) return wpError(400, 'rest_upload_no_content_disposition', 'No Content-Disposition supplied.');
  if (call.body.length === 0) return wpError(400, 'rest_upload_no_data', 'No data supplied.');
  const [asked, named] = [call.query.get('slug') ?? '', filename.replace(/\.[^.]*$/, '')];
  const title = call.query.get('title') ?? named;
  const slug = uniqueSlug(site, slugOf(asked || named));
  const mimeType = call.headers['content-type'] ?? 'application/octet-stream';
  const altText = call.query.get('alt_text') ?? '';
  const words = { title, content: '', excerpt: '', altText };
  return created(site, call, site.add({ resource: 'media', status: 'inherit', slug, mimeType, ...words }));
}

function created(site: Site, { base, path }: Call, item: Item): Reply {
  site.log.push({ resource: item.resource, kind: 'create', id: String(item.id) });
  return json(201, rendered(item, base, true), { location: `${base}${path.replace(/\/$/, '')}/${item.id}` });
}

/** A draft keeps the slug it was given and has none otherwise; anything published has one, and has it alone. */
function slugFor(site: Site, asked: string | undefined, title: string, status: string, self?: Item): string {
  const slug = slugOf(asked ?? '');
  if (status === 'draft' || status === 'pending') return slug;
  return uniqueSlug(site, slug || slugOf(title), self);
}

/** Texts come as a string or as `{raw}`. */
function fieldsOf(call: Call): Fields {
  const given = givenIn(call);
  const text = (value: unknown): string | undefined => {
    const raw = typeof value === 'string' ? value : record(value)['raw'];
    // NUL ends a string in the vendor's database driver, so it is dropped on the way in.
    return typeof raw === 'string' ? raw.replaceAll('\0', '') : undefined;
  };
  const pairs = [
    ['title', text(given['title'])],
    ['content', text(given['content'])],
    ['excerpt', text(given['excerpt'])],
    ['slug', text(given['slug'])],
    ['status', text(given['status'])],
    ['altText', text(given['alt_text'])],
  ];
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as Fields;
}
