import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { madePages, PAGES_DIR } from './lib/docs.ts';

test('the pages of docs/connectors say what the connectors declare; `npm run docs` makes them so', async () => {
  const pages = await madePages();
  expect((await readdir(PAGES_DIR)).sort()).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(await readFile(join(PAGES_DIR, name), 'utf8')).toBe(text);
});
