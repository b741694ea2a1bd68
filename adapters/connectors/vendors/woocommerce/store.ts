import { Fault } from '../../../../ports/errors.ts';
import type { Params } from '../../params.ts';
import type { Site } from '../../site.ts';
import { findSite } from '../wordpress/site.ts';

/** Asks the store what it is before any key goes there, at its final address: a redirect would drop the key. */
export async function discoverStore(site: Site, settings: Params): Promise<Params> {
  const { root, pretty } = await findSite(site, settings['site_url'] ?? '', 'WooCommerce', 'wc/v3');
  if (!pretty) {
    throw new Fault(
      'unsupported',
      'this store has plain permalinks, and takes no keys so; choose others under Settings → Permalinks',
    );
  }
  return { ...settings, site_url: root.replace(/\/+$/, '') };
}
