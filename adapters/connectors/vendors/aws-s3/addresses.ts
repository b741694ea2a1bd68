import type { Params } from '../../params.ts';

/** S3 signs the path as it is encoded once, blanks as %20, slashes kept. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** Our id of an object: `bucket/key`. No bucket's name holds a slash. */
export const partsOf = (id: string): { bucket: string; key: string } => {
  const slash = id.indexOf('/');
  return { bucket: id.slice(0, slash), key: id.slice(slash + 1) };
};

export const pathOf = (bucket: string, key = ''): string =>
  `/${bucket}${key === '' ? '' : '/'}${key.split('/').map(encoded).join('/')}`;

/** The query stands in the path: `URLSearchParams` would write a blank as `+`, which S3 takes for a plus. */
export const withQuery = (path: string, query: Params): string =>
  `${path}?${Object.entries(query)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join('&')}`;

/** Of `encoding-type=url`, where a blank is a plus. */
export const decoded = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));

export const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** A path segment of dots alone would make another address of it. */
export const KEY = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\0]{1,1024}$/s;
export const OBJECT = new RegExp(`${BUCKET.source.slice(0, -1)}/${KEY.source.slice(1)}`, 's');
