import { z } from 'zod';
import { Fault } from '../../../ports/errors.ts';
import type { Site } from '../site.ts';

const Index = z.object({
  namespaces: z.array(z.string()).refine((names) => names.includes('wp/v2')),
  // PHP writes an empty object as an empty list.
  authentication: z.preprocess((given) => (Array.isArray(given) ? {} : given), z.record(z.string(), z.unknown())),
});

/** Asks the site what it is before any credential goes there, at its final address. */
export async function discoverWordpress(site: Site, settings: Record<string, string>): Promise<Record<string, string>> {
  const home = settings['site_url'] ?? '';
  const pretty = await site.get(`${home}/wp-json/`);
  // Sites with plain permalinks answer only under this spelling.
  const answer = pretty.status === 404 ? await site.get(`${home}/?rest_route=/`) : pretty;
  if (answer.status >= 500 || answer.status === 429) {
    throw new Fault('provider_down', `the site is not working now (status ${answer.status}); try again later`);
  }
  const index = Index.safeParse(json(answer.body.toString('utf8')));
  const [, root] = /^([^?#]*)(?:wp-json\/?|\?rest_route=\/)$/.exec(answer.url) ?? [];
  if (answer.status !== 200 || !index.success || root === undefined) {
    throw new Fault('not_that_system', 'there is no WordPress with its REST API switched on at this address');
  }
  if (!Object.hasOwn(index.data.authentication, 'application-passwords')) {
    throw new Fault(
      'unsupported',
      'application passwords are switched off on this site: it needs HTTPS, and no plugin may forbid them',
    );
  }
  return {
    ...settings,
    site_url: root.replace(/\/+$/, ''),
    api_root: answer === pretty ? `${root}wp-json` : `${root}?rest_route=`,
  };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
