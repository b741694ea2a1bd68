import { z } from 'zod';
import { Fault } from '../../../../ports/errors.ts';
import type { Params } from '../../params.ts';
import type { Site } from '../../site.ts';

const Index = z.object({
  namespaces: z.array(z.string()),
  // PHP writes an empty object as an empty list.
  authentication: z.preprocess((given) => (Array.isArray(given) ? {} : given), z.record(z.string(), z.unknown())),
});

/** Asks the site what it is before any credential goes there, at its final address. A hosted one needs no asking. */
export async function discoverWordpress(site: Site, settings: Params): Promise<Params> {
  const home = settings['site_url'];
  if (home === undefined) return settings;
  const { root, pretty, index } = await findSite(site, home, 'WordPress', 'wp/v2');
  if (!Object.hasOwn(index.authentication, 'application-passwords')) {
    throw new Fault(
      'unsupported',
      'application passwords are switched off on this site: it needs HTTPS, and no plugin may forbid them',
    );
  }
  return {
    ...settings,
    site_url: root.replace(/\/+$/, ''),
    api_root: pretty ? `${root}wp-json` : `${root}?rest_route=`,
  };
}

interface Found {
  /** The site's final address, with a slash at its end. */
  root: string;
  /** False: the REST API answers only under `?rest_route=`. */
  pretty: boolean;
  index: z.output<typeof Index>;
}

/** The index of the REST API at this address; `not_that_system` unless it serves `namespace`, which is `what`. */
export async function findSite(site: Site, home: string, what: string, namespace: string): Promise<Found> {
  const pretty = await site.get(`${home}/wp-json/`);
  // Sites with plain permalinks answer only under this spelling.
  const answer = pretty.status === 404 ? await site.get(`${home}/?rest_route=/`) : pretty;
  if (answer.status >= 500 || answer.status === 429) {
    throw new Fault('provider_down', `the site is not working now (status ${answer.status}); try again later`);
  }
  const index = Index.safeParse(json(answer.body.toString('utf8')));
  const [, root] = /^([^?#]*)(?:wp-json\/?|\?rest_route=\/)$/.exec(answer.url) ?? [];
  if (answer.status !== 200 || !index.success || root === undefined || !index.data.namespaces.includes(namespace)) {
    throw new Fault('not_that_system', `there is no ${what} with its REST API switched on at this address`);
  }
  return { root, pretty: answer === pretty, index: index.data };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
