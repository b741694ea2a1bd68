import type { Item } from './site.ts';
import { escapedText, gmt } from './words.ts';

/** The site's clock is two hours ahead of Greenwich, all year: whoever reads site time as UTC is found out. */
export const GMT_OFFSET_HOURS = 2;

/** One item as the REST API shows it; `edit` adds the raw fields that only its editors see. */
export function rendered(item: Item, base: string, edit: boolean): Record<string, unknown> {
  const text = (raw: string, html = raw) => ({ ...(edit ? { raw } : {}), rendered: html });
  const link = `${base}/${item.status === 'draft' ? `?p=${item.id}` : `${item.slug}/`}`;
  const common = {
    id: item.id,
    date: siteTime(item.date),
    date_gmt: gmt(item.date),
    guid: text(`${base}/?p=${item.id}`),
    modified: siteTime(item.modified),
    modified_gmt: gmt(item.modified),
    slug: item.slug,
    status: item.status,
    type: { posts: 'post', pages: 'page', media: 'attachment' }[item.resource],
    link,
    ...(item.broken ? {} : { title: text(item.title, escapedText(item.title)) }),
    author: 1,
  };
  const body = {
    content: { ...text(item.content, `${item.content}\n`), protected: false },
    excerpt: { ...text(item.excerpt, `<p>${item.excerpt || generatedExcerpt(item.content)}</p>\n`), protected: false },
    featured_media: 0,
    comment_status: 'closed',
    ping_status: 'closed',
    template: '',
    meta: [],
  };
  switch (item.resource) {
    case 'posts':
      return { ...common, ...body, sticky: false, format: 'standard', categories: [1], tags: [] };
    case 'pages':
      return { ...common, ...body, parent: 0, menu_order: 0 };
    case 'media':
      return {
        ...common,
        caption: text(''),
        alt_text: item.altText ?? '',
        media_type: (item.mimeType ?? '').startsWith('image/') ? 'image' : 'file',
        mime_type: item.mimeType,
        media_details: { width: 1600, height: 1067 },
        post: null,
        source_url: `${base}/wp-content/uploads/${gmt(item.date).slice(0, 7).replace('-', '/')}/${item.slug}.jpg`,
      };
  }
}

/** `_fields`: only the named ones, `title.rendered` counting as `title`. */
export function pickFields(value: Record<string, unknown>, fields: string | null): Record<string, unknown> {
  if (!fields) return value;
  const wanted = new Set(fields.split(',').map((name) => name.trim().split('.')[0]));
  return Object.fromEntries(Object.entries(value).filter(([name]) => wanted.has(name)));
}

const siteTime = (at: number): string => gmt(at + GMT_OFFSET_HOURS * 3_600_000);

/** With no excerpt of its own a post gets the first 55 words, so an empty one shows only in `raw`. */
function generatedExcerpt(content: string): string {
  const words = content
    .replace(/<[^>]*>/g, ' ')
    .split(/\s+/)
    .filter(Boolean);
  return words.length > 55 ? `${words.slice(0, 55).join(' ')} [&hellip;]` : words.join(' ');
}
