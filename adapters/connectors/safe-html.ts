const TAGS = new Set([
  'p',
  'h2',
  'h3',
  'h4',
  'ul',
  'ol',
  'li',
  'strong',
  'em',
  'b',
  'i',
  'blockquote',
  'br',
  'hr',
  'code',
  'pre',
  'a',
]);

/**
 * HTML that does nothing but set text: plain tags without attributes, and links. A draft is written by a model that read
 * strangers' text, and runs in the browser of the site's administrator; whatever is not plainly harmless is shown as text.
 */
export const safeHtml = (html: string): string =>
  html
    .split(/(<\/?[a-z][^<>]*>)/i)
    .map((piece, index) => (index % 2 === 1 ? tag(piece) : text(piece)))
    .join('');

/** Also for a site's shortcodes, which run on the server. */
export const text = (raw: string): string =>
  raw
    .replace(/&(?!(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)/gi, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('[', '&#91;');

function tag(piece: string): string {
  const [, slash = '', given = '', rest = ''] = /^<(\/?)([a-z][a-z0-9]*)([^<>]*)>$/i.exec(piece) ?? [];
  const name = given.toLowerCase();
  if (!TAGS.has(name)) return text(piece);
  if (slash !== '' || name !== 'a') return `<${slash}${name}>`;
  const [, href = ''] = /\shref\s*=\s*["'](https?:\/\/[^"'<>\s[\]]+)["']/i.exec(rest) ?? [];
  return href === '' ? '<a>' : `<a href="${href}">`;
}
