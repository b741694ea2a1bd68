// `npm run docs`: writes the pages of docs/connectors from the connectors' declarations.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { madePages, PAGES_DIR } from './lib/docs.ts';

const pages = await madePages();
await mkdir(PAGES_DIR, { recursive: true });
for (const stale of await readdir(PAGES_DIR)) if (!pages.has(stale)) await rm(join(PAGES_DIR, stale));
for (const [name, text] of pages) await writeFile(join(PAGES_DIR, name), text);
process.stdout.write(`${pages.size} pages in docs/connectors\n`);
