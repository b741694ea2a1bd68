import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';

let clock = Date.parse('2026-11-21T12:00:00.500Z');
const emulator = createEmulator({ now: () => clock });

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

interface Post {
  id: number;
  slug: string;
  status: string;
  modified: string;
  modified_gmt: string;
  title: { rendered: string; raw?: string };
}

const basic = (password: string, user = 'owner') => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const owner = basic('abcd EFGH ijkl MNOP qrst UVWX');
const wp = (path: string, init: RequestInit = {}) =>
  fetch(`${emulator.url}/wordpress/demo/wp-json${path}`, { headers: owner, ...init });
const jsonOf = async <T = Record<string, unknown>>(response: Response) => (await response.json()) as T;
const write = (path: string, body: object, method = 'POST') =>
  wp(path, { method, headers: { ...owner, 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('the index names the application password screen, and a site nobody made is no WordPress', async () => {
  expect(await jsonOf(await wp('/'))).toMatchObject({
    name: 'Kornblume Bakery',
    authentication: {
      'application-passwords': { endpoints: { authorization: expect.stringContaining('/wp-admin/') } },
    },
  });
  const none = await fetch(`${emulator.url}/wordpress/nowhere/wp-json/`);
  expect([none.status, none.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
});

test('the password works with and without its spaces, and not once it is revoked', async () => {
  for (const headers of [owner, basic('abcdEFGHijklMNOPqrstUVWX')])
    expect((await wp('/wp/v2/users/me', { headers })).status).toBe(200);
  const codes = async (headers: Record<string, string>) =>
    (await jsonOf(await wp('/wp/v2/users/me', { headers })))['code'];
  expect(await codes(basic('wrong'))).toBe('incorrect_password');
  expect(await codes(basic('wrong', 'nobody'))).toBe('invalid_username');
  expect(await codes({})).toBe('rest_not_logged_in');
  emulator.control.wordpress.password('demo', false);
  expect(await codes(owner)).toBe('incorrect_password');
  emulator.control.wordpress.password('demo', true);
  expect((await wp('/wp/v2/users/me')).status).toBe(200);
});

test('the password tells which one it is and removes itself: it is good for nothing then, until its owner hands one out', async () => {
  const path = '/wp/v2/users/me/application-passwords';
  const found = await jsonOf(await wp(`${path}/introspect`));
  expect(found).toMatchObject({ uuid: expect.stringMatching(/^[\da-f-]{36}$/), name: expect.any(String) });
  expect(found['password']).toBeUndefined();
  const remove = async (uuid: unknown, init: RequestInit = {}) => {
    const answer = await wp(`${path}/${String(uuid)}`, { method: 'DELETE', ...init });
    return [answer.status, await jsonOf(answer)];
  };
  for (const headers of [{}, basic('wrong')]) {
    expect((await wp(`${path}/introspect`, { headers })).status).toBe(401);
    expect(await remove(found['uuid'], { headers })).toMatchObject([401, { data: { status: 401 } }]);
  }
  expect(await remove('another')).toMatchObject([404, { code: 'rest_application_password_not_found' }]);
  expect(await remove(found['uuid'])).toMatchObject([200, { deleted: true, previous: { uuid: found['uuid'] } }]);
  for (const gone of ['/wp/v2/users/me', `${path}/introspect`])
    expect(await jsonOf(await wp(gone))).toMatchObject({ code: 'incorrect_password', data: { status: 401 } });
  expect(await remove(found['uuid'])).toMatchObject([401, { code: 'incorrect_password' }]);

  const screen = `${emulator.url}/wordpress/demo/wp-admin/authorize-application.php`;
  const approve = new URLSearchParams({ app_name: 'BizOSaaS', decision: 'approve' });
  expect((await fetch(screen, { method: 'POST', body: approve })).status).toBe(200);
  expect((await wp('/wp/v2/users/me')).status).toBe(200);
});

test('250 posts list completely in pages, and the page past the last is an error', async () => {
  emulator.control.wordpress.site('demo', { posts: 250 });
  const ids = new Set<number>();
  for (const page of [1, 2, 3]) {
    const answer = await wp(`/wp/v2/posts?per_page=100&page=${page}&orderby=modified&order=asc`);
    expect([answer.headers.get('x-wp-total'), answer.headers.get('x-wp-totalpages')]).toEqual(['250', '3']);
    expect(answer.headers.get('link')?.includes('rel="next"')).toBe(page < 3);
    for (const { id } of await jsonOf<Post[]>(answer)) ids.add(id);
  }
  expect(ids.size).toBe(250);
  const past = await wp('/wp/v2/posts?per_page=100&page=4');
  expect([past.status, (await jsonOf(past))['code']]).toEqual([400, 'rest_post_invalid_page_number']);
  expect((await wp('/wp/v2/posts?per_page=101')).status).toBe(400);
});

test('after one edit, modified_after finds exactly one', async () => {
  const site = emulator.control.wordpress.site('demo');
  const since = new Date(clock).toISOString();
  const [post] = site.items('posts');
  clock += 2000;
  site.edit(post?.id ?? 0, { title: 'Now & then 🥨' });
  const found = await jsonOf<Post[]>(await wp(`/wp/v2/posts?modified_after=${since}&context=edit`));
  expect(found).toMatchObject([{ id: post?.id, title: { raw: 'Now & then 🥨', rendered: 'Now &#038; then 🥨' } }]);
  expect(found[0]).toMatchObject({ modified_gmt: '2026-11-21T12:00:02', modified: '2026-11-21T14:00:02' });
});

test('a time without a zone is read as the site’s own', async () => {
  const site = emulator.control.wordpress.site('demo');
  site.edit(site.items('posts')[0]?.id ?? 0, {});
  const since = async (time: string) => (await jsonOf<Post[]>(await wp(`/wp/v2/posts?modified_after=${time}`))).length;
  expect(await since('2026-11-21T11:59:00Z')).toBe(1);
  expect(await since('2026-11-21T14:01:00')).toBe(0);
  expect(await since('2026-11-21T13:59:00')).toBe(1);
});

test('a draft keeps its slug and is found by it, by editors only', async () => {
  const created = await write('/wp/v2/posts', { title: 'Draft', content: 'x', status: 'draft', slug: 'bz-4f2a' });
  expect([created.status, created.headers.get('location')]).toEqual([
    201,
    expect.stringMatching(/\/wp\/v2\/posts\/\d+$/),
  ]);
  const probe = '/wp/v2/posts?slug=bz-4f2a&status=draft&context=edit';
  expect(await jsonOf<Post[]>(await wp(probe))).toMatchObject([{ slug: 'bz-4f2a', status: 'draft' }]);
  expect((await wp(probe, { headers: {} })).status).toBe(401);
  expect(await jsonOf<Post[]>(await wp('/wp/v2/posts?slug=bz-4f2a'))).toEqual([]);
});

test('two drafts may have one slug: only a probe keeps a retry from writing twice', async () => {
  for (let count = 0; count < 2; count += 1)
    await write('/wp/v2/posts', { title: 'Twin', status: 'draft', slug: 'twin' });
  expect(await jsonOf<Post[]>(await wp('/wp/v2/posts?slug=twin&status=draft'))).toHaveLength(2);
});

test('a deleted post leaves the lists and can still be read as trashed; by force it is gone', async () => {
  const [post] = await jsonOf<Post[]>(await wp('/wp/v2/posts'));
  const path = `/wp/v2/posts/${post?.id}`;
  expect(await jsonOf(await wp(path, { method: 'DELETE' }))).toMatchObject({ status: 'trash' });
  const listed = await jsonOf<Post[]>(await wp('/wp/v2/posts?per_page=100&status=any'));
  expect(listed.map(({ id }) => id)).not.toContain(post?.id);
  expect(await jsonOf(await wp(path))).toMatchObject({ status: 'trash' });
  expect((await wp(path, { method: 'DELETE' })).status).toBe(410);
  expect(await jsonOf(await wp(`${path}?force=true`, { method: 'DELETE' }))).toMatchObject({ deleted: true });
  expect((await wp(path)).status).toBe(404);
});

test('nothing is written for nobody, nor when there is nothing to write', async () => {
  const headers = { 'content-type': 'application/json' };
  const anonymous = await wp('/wp/v2/posts', { method: 'POST', headers, body: '{"title":"x"}' });
  expect([anonymous.status, (await jsonOf(anonymous))['code']]).toEqual([401, 'rest_cannot_create']);
  expect((await jsonOf(await write('/wp/v2/posts', { status: 'draft' })))['code']).toBe('empty_content');
});

test('plain permalinks reach the same API', async () => {
  const answer = await fetch(`${emulator.url}/wordpress/demo/?rest_route=/wp/v2/posts&per_page=3`);
  expect(await jsonOf<Post[]>(answer)).toHaveLength(3);
});

test('categories and people have no bin and no dates, and a name or a user name is there once', async () => {
  const made = await jsonOf(await write('/wp/v2/categories', { name: 'Winter & spice' }));
  expect(made).toMatchObject({ name: 'Winter &amp; spice', slug: 'winter-spice', parent: 0 });
  const twin = await write('/wp/v2/categories', { name: 'Winter & spice' });
  expect([twin.status, await jsonOf(twin)]).toMatchObject([
    400,
    { code: 'term_exists', data: { term_id: made['id'] } },
  ]);
  const path = `/wp/v2/categories/${String(made['id'])}`;
  expect((await wp(path, { method: 'DELETE' })).status).toBe(501);
  expect((await wp(`${path}?force=true`, { method: 'DELETE' })).status).toBe(200);
  expect((await wp('/wp/v2/categories?context=edit', { headers: {} })).status).toBe(401);
  expect(await jsonOf(await wp('/wp/v2/categories?page=9'))).toEqual([]);

  const nora = { username: 'nora', email: 'nora@kornblume.example', password: 'x' };
  const { id } = await jsonOf(await write('/wp/v2/users', nora));
  const again = await write('/wp/v2/users', nora);
  expect([again.status, await jsonOf(again)]).toMatchObject([500, { code: 'existing_user_login', data: null }]);
  const remove = (query: string) => wp(`/wp/v2/users/${String(id)}?${query}`, { method: 'DELETE' });
  expect(await jsonOf(await remove('force=true'))).toMatchObject({ data: { params: ['reassign'] } });
  expect((await remove('force=true&reassign=1')).status).toBe(200);
});

test('WordPress.com serves one site by its name or number under one host, to its owner’s token alone', async () => {
  const { accessToken } = emulator.control.oauth('wordpress-com').grant();
  const ask = async (path: string, token = accessToken) => {
    const answer = await fetch(`${emulator.url}/wordpress-com${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return [answer.status, await jsonOf(answer)];
  };
  expect(await ask('/rest/v1.1/me')).toMatchObject([200, { ID: 4711, display_name: 'Mara Kornblum' }]);
  for (const site of ['kornblume.wordpress.com', '148203917'])
    expect(await ask(`/wp/v2/sites/${site}/posts?per_page=1`)).toMatchObject([200, [{ type: 'post' }]]);
  expect(await ask('/wp/v2/sites/ferro.wordpress.com/posts')).toMatchObject([403, { code: 'unauthorized' }]);
  emulator.control.oauth('wordpress-com').expireTokens();
  expect(await ask('/wp/v2/sites/148203917/posts')).toMatchObject([401, { code: 'invalid_token' }]);
  expect(await ask('/rest/v1.1/me')).toMatchObject([401, { error: 'invalid_token' }]);
});
