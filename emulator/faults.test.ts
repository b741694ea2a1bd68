import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';

const emulator = createEmulator();
const POSTS = '/wordpress/demo/wp-json/wp/v2/posts';
const authorization = `Basic ${Buffer.from('owner:abcdEFGHijklMNOPqrstUVWX').toString('base64')}`;

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

const get = (path: string, init: RequestInit = {}) => fetch(emulator.url + path, init);
const draft = (slug: string) =>
  get(POSTS, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'x', status: 'draft', slug }),
  });
const statuses = async (count: number, path = POSTS) => {
  const found: number[] = [];
  for (let call = 0; call < count; call += 1) found.push((await get(path)).status);
  return found;
};
const drafts = () =>
  emulator.control.wordpress
    .site('demo')
    .items('posts')
    .filter(({ status }) => status === 'draft').length;

test('a fault hits exactly as often as it was told, after as many as it was told to let by', async () => {
  emulator.control.fault({ match: { path: POSTS, method: 'GET' }, kind: 'status', status: 503, times: 2, skip: 1 });
  expect(await statuses(5)).toEqual([200, 503, 503, 200, 200]);
  expect(emulator.control.faults.pending()).toEqual([]);
});

test('a path that does not begin with a slash is a regular expression over path and query', async () => {
  emulator.control.fault({ match: { path: 'posts\\?page=2$' }, kind: 'html' });
  expect(await statuses(1)).toEqual([200]);
  const hit = await get(`${POSTS}?page=2`);
  expect([hit.status, hit.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
});

test('a lost response has really been processed; a reset one has not', async () => {
  emulator.control.fault({ match: { path: POSTS, method: 'POST' }, kind: 'drop-after' });
  await expect(draft('lost')).rejects.toThrow();
  expect(drafts()).toBe(1);
  emulator.control.fault({ match: { path: POSTS, method: 'POST' }, kind: 'reset' });
  await expect(draft('never')).rejects.toThrow();
  expect(drafts()).toBe(1);
  expect(emulator.control.requests({ path: POSTS, method: 'POST' })).toMatchObject([
    { status: null, fault: 'drop-after' },
    { status: null, fault: 'reset' },
  ]);
});

test('a held request is processed when it is released', async () => {
  emulator.control.fault({ match: { path: POSTS }, kind: 'hold' });
  const answer = draft('held');
  await emulator.control.waitFor({ path: POSTS, method: 'POST' });
  expect(drafts()).toBe(0);
  emulator.control.faults.release();
  expect((await answer).status).toBe(201);
});

test('another body, half a body, and silence reach the caller as such', async () => {
  emulator.control.fault({ match: { path: POSTS }, kind: 'body', body: '[{"id":' });
  expect(await (await get(POSTS)).text()).toBe('[{"id":');
  emulator.control.fault({ match: { path: POSTS }, kind: 'cut' });
  await expect(get(POSTS).then((response) => response.text())).rejects.toThrow();
  emulator.control.fault({ match: { path: POSTS }, kind: 'hang' });
  await expect(get(POSTS, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
});

test('what was asked is listed without anything that could be used as a credential', async () => {
  await get(`${POSTS}?code=abc&page=1`, { headers: { authorization } });
  const [seen] = emulator.control.requests({ path: POSTS });
  expect(seen).toMatchObject({
    method: 'GET',
    path: `${POSTS}?code=***&page=1`,
    status: 200,
    credential: expect.stringMatching(/^Basic [0-9a-f]{8}$/),
  });
});

test('control over HTTP does what control does, says what is wrong, and is closed to web pages', async () => {
  const post = (path: string, body: object, headers = {}) =>
    get(`/control/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await post('faults', { match: { path: POSTS }, kind: 'status', status: 418 })).status).toBe(200);
  expect(await statuses(2)).toEqual([418, 200]);
  expect((await post('faults', { match: { path: POSTS }, kind: 'nonsense' })).status).toBe(400);
  expect((await post('faults', { match: { path: '(' }, kind: 'status' })).status).toBe(400);
  expect((await post('reset', {}, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await post('hubspot/contacts', { count: -1 })).status).toBe(400);
  expect(await (await get(`/control/requests?path=${POSTS}`)).json()).toMatchObject({ count: 2 });
  await post('wordpress/shop', { posts: 3, pages: 0, media: 0 });
  expect((await get('/wordpress/shop/wp-json/wp/v2/posts')).headers.get('x-wp-total')).toBe('3');
});

test('a body over the limit is refused, and the emulator goes on', async () => {
  const answer = await get(POSTS, { method: 'POST', body: 'x'.repeat(9 * 1024 * 1024) }).catch(() => undefined);
  expect(answer?.status ?? 413).toBe(413);
  expect(await statuses(1)).toEqual([200]);
});

test('closed and opened again it still knows what it knew', async () => {
  await draft('kept');
  await emulator.close();
  await emulator.listen();
  expect(drafts()).toBe(1);
});
