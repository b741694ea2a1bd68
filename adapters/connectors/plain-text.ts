import { convert } from 'html-to-text';

/** What a person would read of a vendor's HTML. NUL bytes and half surrogate pairs, which no database takes, are left out. */
export const plainText = (html: string): string =>
  clean(
    convert(html, {
      wordwrap: false,
      selectors: [
        { selector: 'a', options: { ignoreHref: true } },
        { selector: 'img', format: 'skip' },
        { selector: 'script', format: 'skip' },
        { selector: 'style', format: 'skip' },
        ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      ],
    }),
  );

/** Text that every store takes as it is. */
export const clean = (text: string): string => text.replaceAll('\0', '').toWellFormed().trim();
