import { join } from 'node:path';
import { format } from 'prettier';
import { createEngine } from '../../adapters/connectors/engine.ts';
import type { EngineParts } from '../../adapters/connectors/engine.ts';
import { manifests } from '../../adapters/connectors/index.ts';
import { connectorPages } from './connector-page.ts';
import { root } from './settings.ts';

export const PAGES_DIR = join(root, 'docs', 'connectors');

/** The pages as they are to be, in the house's format. Describing connectors needs no part of the engine. */
export async function madePages(): Promise<Map<string, string>> {
  const infos = createEngine(manifests, {} as EngineParts).list();
  const pages = connectorPages(infos, manifests);
  const formatted = new Map<string, string>();
  for (const [name, text] of pages) {
    formatted.set(name, await format(text, { parser: 'markdown', printWidth: 120, singleQuote: true }));
  }
  return formatted;
}
