import type { Reply } from '../../http.ts';

/** Errors are plain text. */
export const text = (sentence: string, status = 401): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: sentence,
});

export const absent = (): Reply => text('The requested resource was not found.', 404);

export const isId = (id: string): boolean => /^[0-9a-f]{24}$/.test(id);
