/** A title as an address has it. */
export const slugOf = (title: string): string =>
  title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9\s_-]/g, '')
    .trim()
    .replace(/[\s-]+/g, '-');

/** Titles come rendered with entities and curly quotes, never as they were typed. */
export const escapedText = (text: string): string =>
  text.replaceAll('&', '&#038;').replaceAll('<', '&lt;').replaceAll("'", '&#8217;').replaceAll('’', '&#8217;');

/** Names of terms are kept escaped, and come as they are kept. */
export const keptName = (name: string): string =>
  name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A time in Greenwich, without saying so. */
export const gmt = (at: number): string => new Date(at).toISOString().slice(0, 19);
