import { escapeHtml, html, json, route, router, type Call, type Handler, type Reply } from '../../http.ts';
import { introspect, removePassword } from './application-passwords.ts';
import { noRoute, wpError } from './errors.ts';
import { notLoggedIn } from './identify.ts';
import { listItems } from './list-items.ts';
import { USER } from './owner.ts';
import { GMT_OFFSET_HOURS, pickFields } from './render.ts';
import { isResource, type Item, type Resource, type Site } from './site.ts';
import { termRoutes, userRoutes, WRITES, type Api } from './terms-and-users.ts';
import { createItem, deleteItem, getItem, updateItem } from './write-items.ts';

const ROOT = '/wp-json/wp/v2';
const PASSWORDS = `${ROOT}/users/me/application-passwords`;

/** Who asks: the owner, nobody, or somebody whose credential is refused. */
export type Identify = (site: Site, call: Call) => boolean | Reply;

/** One site: its REST API, also under `?rest_route=` as sites with plain permalinks have it, and its public pages. */
export function siteRoutes(site: Site, identify: Identify): Handler {
  const api: Api = (answer) => {
    return (call, ...params) => {
      const owner = identify(site, call);
      return typeof owner === 'boolean' ? answer(call, owner, ...params) : owner;
    };
  };
  const ofKind = (answer: (resource: Resource, call: Call, owner: boolean) => Reply) =>
    api((call, owner, resource = '') => (isResource(resource) ? answer(resource, call, owner) : noRoute()));
  const ofItem = (answer: (item: Item, call: Call, owner: boolean) => Reply) =>
    api((call, owner, resource = '', id = '') => {
      if (!isResource(resource)) return noRoute();
      const item = site.items.get(Number(id));
      if (item?.resource !== resource) return wpError(404, 'rest_post_invalid_id', 'Invalid post ID.');
      return answer(item, call, owner);
    });
  const update = ofItem((item, call, owner) => updateItem(site, item, call, owner));

  const rest = router(
    [
      route('GET', '/wp-json', api(index)),
      route('GET', `${ROOT}/users/me`, api(me)),
      route(
        'GET',
        `${PASSWORDS}/introspect`,
        api((_call, owner) => introspect(owner)),
      ),
      route(
        'DELETE',
        `${PASSWORDS}/:uuid`,
        api((_call, owner, uuid = '') => removePassword(site, owner, uuid)),
      ),
      ...termRoutes(site, ROOT, api),
      ...userRoutes(site, ROOT, api),
      route(
        'GET',
        `${ROOT}/:resource`,
        ofKind((resource, call, owner) => listItems(site, resource, call, owner)),
      ),
      route(
        'POST',
        `${ROOT}/:resource`,
        ofKind((resource, call, owner) => createItem(site, resource, call, owner)),
      ),
      route('GET', `${ROOT}/:resource/:id`, ofItem(getItem)),
      ...WRITES.map((method) => route(method, `${ROOT}/:resource/:id`, update)),
      route(
        'DELETE',
        `${ROOT}/:resource/:id`,
        ofItem((item, call, owner) => deleteItem(site, item, call, owner)),
      ),
    ],
    noRoute,
  );

  return (call, ...params) => {
    const plain = call.query.get('rest_route');
    if (plain !== null) return rest({ ...call, path: `/wp-json${plain}` }, ...params);
    return call.path.startsWith('/wp-json') ? rest(call, ...params) : publicPage(site, call);
  };
}

const index = ({ base }: Call): Reply =>
  json(200, {
    name: 'Kornblume Bakery',
    description: 'Bread takes time',
    url: base,
    home: base,
    gmt_offset: String(GMT_OFFSET_HOURS),
    timezone_string: '',
    namespaces: ['oembed/1.0', 'wp/v2'],
    authentication: {
      'application-passwords': { endpoints: { authorization: `${base}/wp-admin/authorize-application.php` } },
    },
    routes: {},
  });

const me = (call: Call, owner: boolean): Reply =>
  owner
    ? json(200, pickFields(user(call, call.query.get('context') === 'edit'), call.query.get('_fields')))
    : notLoggedIn();

const user = ({ base }: Call, edit: boolean): Record<string, unknown> => ({
  id: USER.id,
  name: USER.name,
  url: base,
  description: '',
  link: `${base}/author/${USER.login}/`,
  slug: USER.login,
  ...(edit
    ? {
        username: USER.login,
        email: USER.email,
        roles: ['administrator'],
        registered_date: '2019-03-02T09:00:00+00:00',
        capabilities: {
          edit_posts: true,
          publish_posts: true,
          edit_pages: true,
          upload_files: true,
          administrator: true,
        },
      }
    : {}),
});

function publicPage(site: Site, { method, path, base }: Call): Reply {
  const slug = path.replaceAll('/', '');
  const shown = [...site.items.values()].find((item) => item.status === 'publish' && item.slug === (slug || 'home'));
  if (method !== 'GET' && method !== 'HEAD') return html(405, '<h1>Method not allowed</h1>');
  if (!shown && slug !== '') return html(404, '<!doctype html><title>Page not found</title><h1>Page not found</h1>');
  const title = escapeHtml(shown?.title ?? 'Kornblume Bakery');
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${shown?.content ?? ''}</body></html>`;
  return html(200, page, { link: `<${base}/wp-json/>; rel="https://api.w.org/"` });
}
