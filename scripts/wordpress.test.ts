import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectionId as ID, tenantId as TENANT } from '../adapters/connectors/testing-engine.ts';
import { connected, holding } from '../adapters/connectors/testing-vendors.ts';
import { createHttp } from '../adapters/http/client.ts';
import type { HttpClient } from '../adapters/http/client.ts';
import type { ConnectorPort, ReadQuery, Row, WriteAction } from '../ports/connectors.ts';
import { ConnectionId, TenantId } from '../ports/ids.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { SyncCounts } from '../ports/syncs.ts';
import { until } from '../workers/testing/until.ts';
import { logIn } from './demo/api-client.ts';
import type { Answer, ApiClient } from './demo/api-client.ts';
import { beginOnboarding, connectSite } from './demo/main-job.ts';
import type { Onboarding } from './demo/main-job.ts';
import { openBadSites } from './wordpress-test/bad-sites.ts';
import type { BadSites } from './wordpress-test/bad-sites.ts';
import { openLossyProxy } from './wordpress-test/lossy-proxy.ts';
import type { LossyProxy } from './wordpress-test/lossy-proxy.ts';
import { openProduct } from './wordpress-test/product.ts';
import type { TestProduct } from './wordpress-test/product.ts';
import { openSiteControl } from './wordpress-test/site.ts';
import type { SiteControl, WordPress } from './wordpress-test/site.ts';

interface Listed<Item> {
  data: Item[];
  nextCursor: string | null;
  total: number | null;
}
interface Run {
  id: string;
  stream: string;
  mode: string;
  state: string;
  counts: SyncCounts;
}
interface Settled {
  id: string;
  outcome: string;
  error: { code: string; message: string } | null;
}
interface Status {
  id: string;
  state: string;
  reason: { code: string; message: string } | null;
}
interface Schedule {
  connectionId: string;
  stream: string;
  paused: boolean;
  note: string | null;
}
interface Problem {
  status: number;
  code: string;
  detail: string;
  errors: { path: string; message: string }[];
}
interface Shown {
  contentHash: string;
  content: { citations: string[]; proposedPost: { title: string } };
}

const PATIENCE = { timeoutMs: 45_000, everyMs: 100 };
const API = '/api/v1/connectors/wordpress';

const given = process.env['TEST_WORDPRESS'] || undefined;
// Without a WordPress every test below is listed by its name and skipped.
const onWordPress = given === undefined ? describe.skip : describe;

onWordPress('on a real WordPress', () => {
  const wordpress = JSON.parse(given ?? '{}') as WordPress;
  const opened = new AsyncDisposableStack();
  let control: SiteControl;
  let proxy: LossyProxy;
  let badSites: BadSites;
  let product: TestProduct;
  let onboarding: Onboarding;
  let owner: ApiClient;
  let tenantId: TenantId;
  let connectionId: ConnectionId;
  let restoredPassword: string;

  beforeAll(async () => {
    control = openSiteControl(wordpress);
    proxy = opened.use(await openLossyProxy(wordpress.url));
    badSites = opened.use(await openBadSites());
    product = opened.use(await openProduct([proxy.host, ...badSites.hosts]));
    const begun = await beginOnboarding(product.admin, 'old-town', () => undefined);
    if (!begun) throw new Error('the slug is taken');
    onboarding = begun;
    opened.defer(onboarding.stop);
    owner = onboarding.owner;
    tenantId = TenantId.parse((await owner.get<{ tenantId: string }>('/api/v1/me')).body.tenantId);
    connectionId = ConnectionId.parse((await status()).id);
  });
  afterAll(() => opened.disposeAsync());

  const connect = (by: ApiClient, url: string, password: string) =>
    connectSite(by, { url, user: wordpress.user, password });
  const status = async (): Promise<Status> => (await owner.get<Status>(`${API}/status`)).body;
  const documents = async (): Promise<number> => (await product.ground.ports.knowledge.count(tenantId)).documents;
  const siteSchedules = async (): Promise<Schedule[]> => {
    const { body } = await owner.get<Listed<Schedule>>('/api/v1/schedules?limit=100');
    return body.data.filter((schedule) => schedule.connectionId === connectionId);
  };
  const runs = async (): Promise<Run[]> =>
    (await owner.get<Listed<Run>>(`/api/v1/syncs?limit=100&connectionId=${connectionId}`)).body.data;

  /** Syncs now, and gives how it ended with all runs of the stream since: a schedule's may have come first. */
  const sync = async (stream: string, mode: string): Promise<{ settled: Settled; since: Run[] }> => {
    const before = new Set((await runs()).map(({ id }) => id));
    const start = () => owner.post<Settled>(`${API}/sync/${stream}`, { mode });
    const { body } = await until(`a ${mode} sync of ${stream} begins`, start, (answer) => answer.status === 202);
    const settled = await until(
      `the sync of ${stream} ends`,
      async () => (await owner.get<Settled>(`/api/v1/operations/${body.id}`)).body,
      ({ outcome }) => outcome !== 'running',
      PATIENCE,
    );
    return { settled, since: (await runs()).filter((run) => run.stream === stream && !before.has(run.id)) };
  };
  const sum = (of: Run[], what: keyof SyncCounts): number => of.reduce((all, { counts }) => all + counts[what], 0);

  const approve = async (by: ApiClient, approvalId: unknown): Promise<Shown> => {
    const path = `/api/v1/approvals/${String(approvalId)}`;
    // The story says that a person is waited for a moment before the approval can be read.
    const read = () => by.get<Shown>(path);
    const { body: shown } = await until('the approval is open', read, (answer) => answer.status === 200);
    const { contentHash } = shown;
    const decided = await by.post<{ outcome: string }>(`${path}/decisions`, { kind: 'approve', contentHash });
    expect(decided).toMatchObject({ status: 200, body: { outcome: 'approved' } });
    return shown;
  };
  const drafts = async () => (await control.posts('status=draft')).filter(({ slug }) => slug.startsWith('bz-'));
  const postsMade = () => proxy.passed.filter((line) => line === 'POST /wp-json/wp/v2/posts');

  test.each([
    ['that is down', 'down', 502, 'provider_down'],
    ['that answers HTML only', 'html', 422, 'not_that_system'],
    ['that redirects to a private address', 'leadsInside', 422, 'host_refused'],
  ] as const)('a site %s is refused by its address, and nothing is kept', async (_, name, code, problem) => {
    const refused = await connect(owner, badSites[name], wordpress.password);
    const { errors, detail, ...body } = refused.body as unknown as Problem;
    expect({ status: refused.status, code: body.code }).toEqual({ status: code, code: problem });
    expect(errors).toEqual([{ path: 'site_url', message: detail }]);
    expect(detail).toMatch(/^[^\n]{20,200}$/);

    const { body: kept } = await owner.get<Record<string, unknown>>(`/api/v1/connections/${connectionId}`);
    expect(kept).toMatchObject({ state: 'pending', settings: {}, secretVersion: 0 });
    const { secrets } = product.ground.ports;
    expect(await secrets.read(connectionSecretPath(tenantId, connectionId))).toBeNull();
    expect(await secrets.list('staging/')).toEqual([]);
    expect(badSites.credentialsSeen).toEqual([]);
  });

  test('a wrong application password is refused by its field, the right one connects', async () => {
    const refused = await connect(owner, proxy.url, 'abcd EFGH ijkl MNOP qrst UVWX');
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'application_password' }] } });
    expect(await status()).toMatchObject({ state: 'pending' });

    const connected = await connect(owner, proxy.url, wordpress.password);
    expect(connected).toMatchObject({ status: 200, body: { id: connectionId, state: 'healthy' } });
    expect(await owner.authorize('hubspot')).toMatchObject({ status: 200 });
    await onboarding.reaches('connect.wordpress', 'completed');
  });

  test('the first sync moves every post in pages, each exactly once, into knowledge', async () => {
    const { data: posts } = await onboarding.reaches('sync.wordpress.posts', 'completed');
    expect(posts).toMatchObject({ read: wordpress.posts, delivered: wordpress.posts });
    expect(posts['pages']).toBeGreaterThanOrEqual(Math.ceil(wordpress.posts / 100));
    const { data: pages } = await onboarding.reaches('sync.wordpress.pages', 'completed');
    expect(pages).toMatchObject({ delivered: wordpress.pages });
    expect(await documents()).toBe(wordpress.posts + wordpress.pages);
  });

  test('media go to the tenant’s own store, a line each', async () => {
    const { data: media } = await onboarding.reaches('sync.wordpress.media', 'completed');
    expect(media).toMatchObject({ delivered: wordpress.media });
    const { objects } = product.ground.ports;
    const keys = await objects.list(tenantId, `connections/${connectionId}/media/`);
    const bodies = await Promise.all(keys.map((key) => objects.get(tenantId, key)));
    expect(bodies.join('').trim().split('\n')).toHaveLength(wordpress.media);
  });

  test.each(['posts', 'pages', 'media'] as const)(
    'the live list of %s is the site’s own: its count, and every row once',
    async (resource) => {
      const total = await control.count(resource);
      expect(total).toBe(wordpress[resource]);
      const ids: string[] = [];
      let query: string | null = 'limit=100';
      while (query !== null) {
        const page: Answer<Listed<{ externalId: string }>> = await owner.get(`${API}/data/${resource}?${query}`);
        expect({ status: page.status, total: page.body.total }).toEqual({ status: 200, total });
        ids.push(...page.body.data.map(({ externalId }) => externalId));
        const { nextCursor } = page.body;
        query = nextCursor === null ? null : `limit=100&cursor=${encodeURIComponent(nextCursor)}`;
      }
      expect(ids).toHaveLength(total);
      expect(new Set(ids).size).toBe(total);
    },
  );

  test('the approved draft stands on the site exactly once although the site’s answer was lost', async () => {
    const { data } = await onboarding.reaches('approval', 'waiting');
    const lost = proxy.loseNextAnswer('POST');
    const { content } = await approve(owner, data['approvalId']);
    expect(await lost).toBe(201);
    const written = await onboarding.reaches('write', 'completed');

    const made = await drafts();
    expect(made).toMatchObject([{ status: 'draft', title: { raw: content.proposedPost.title } }]);
    expect(made.map(({ id }) => String(id))).toEqual([written.data['externalId']]);
    expect(postsMade()).toHaveLength(1);
    const ids = new Set((await control.posts('orderby=date')).map(({ id }) => String(id)));
    expect(content.citations).not.toEqual([]);
    expect(content.citations.filter((id) => !ids.has(id))).toEqual([]);
  });

  test('the tenant is active, and every chosen stream has its schedule', async () => {
    await onboarding.reaches('activate', 'completed');
    expect(await owner.get(`/api/v1/tenants/${tenantId}`)).toMatchObject({ body: { state: 'active' } });
    const schedules = await until('the schedules show', siteSchedules, (all) => all.length === 3);
    expect(schedules.map(({ stream }) => stream).sort()).toEqual(['media', 'pages', 'posts']);
    expect(schedules.filter(({ paused }) => paused)).toEqual([]);
  });

  test('after one edit on the site an incremental sync moves exactly one post', async () => {
    const [post] = await control.posts('orderby=id&order=asc&offset=120&per_page=1');
    await control.edit(post?.id ?? 0, { title: 'A new oven 🔥' });
    const { settled, since } = await sync('posts', 'incremental');
    expect(settled.outcome).toBe('completed');
    expect(since.map(({ mode }) => mode)).toContain('incremental');
    expect(sum(since, 'delivered')).toBe(1);
    // Not all over again: the one, and what shares the moment of the high-water mark.
    expect(sum(since, 'read')).toBeLessThanOrEqual(2 * since.length);

    const again = await sync('posts', 'incremental');
    expect(sum(again.since, 'delivered')).toBe(0);
    expect(await documents()).toBe(wordpress.posts + wordpress.pages);
  });

  test('a post that was deleted on the site is found by a full scan and leaves knowledge', async () => {
    const [post] = await control.posts('orderby=id&order=asc&offset=30&per_page=1');
    await control.remove(post?.id ?? 0);
    const incremental = await sync('posts', 'incremental');
    expect(sum(incremental.since, 'deleted')).toBe(0);

    const { settled, since } = await sync('posts', 'full');
    expect(settled.outcome).toBe('completed');
    expect(sum(since, 'deleted')).toBe(1);
    expect(sum(since, 'delivered')).toBe(0);
    expect(await documents()).toBe(wordpress.posts + wordpress.pages - 1);
  });

  test('a revoked application password makes the connection reauth_required, says why, and pauses its schedules', async () => {
    await control.revokePassword(wordpress.uuid);
    const { settled } = await sync('posts', 'incremental');
    expect(settled).toMatchObject({ outcome: 'failed', error: { code: 'credential_rejected' } });
    const { reason } = await until('it is noticed', status, ({ state }) => state === 'reauth_required', PATIENCE);
    expect(reason).toMatchObject({ code: 'credential_rejected' });
    expect(reason?.message).toContain('application password is not (or no longer) valid');

    const paused = await until('its schedules pause', siteSchedules, (all) => all.every((one) => one.paused));
    expect(paused.map(({ note }) => note?.includes('must be connected again'))).toEqual([true, true, true]);
    const all = await owner.get<Listed<Schedule>>('/api/v1/schedules?limit=100');
    expect(all.body.data.filter((one) => !one.paused).map(({ stream }) => stream)).toEqual(['contacts']);
    const told = async () => {
      const { body } = await owner.get<Listed<{ kind: string }>>('/api/v1/notifications?limit=100');
      return body.data.filter(({ kind }) => kind === 'connection.reauth_required');
    };
    await until('the owner is told', told, (notes) => notes.length === 1);

    const refused = await connect(owner, proxy.url, wordpress.password);
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'application_password' }] } });
    expect(await status()).toMatchObject({ state: 'reauth_required' });
  });

  test('a new application password makes the same connection healthy again, and its schedules go on', async () => {
    restoredPassword = await control.makePassword('restored');
    const restored = await connect(owner, proxy.url, restoredPassword);
    expect(restored).toMatchObject({ status: 200, body: { id: connectionId, state: 'healthy', reason: null } });
    expect(await status()).toMatchObject({ id: connectionId, state: 'healthy', reason: null });
    const schedules = await until('its schedules go on', siteSchedules, (all) => all.every((one) => !one.paused));
    expect(schedules).toHaveLength(3);
    const { settled, since } = await sync('posts', 'incremental');
    expect(settled.outcome).toBe('completed');
    expect(sum(since, 'delivered')).toBe(0);
  });

  test('a second tenant of the same site gets a draft of its own by one request, with no loss to mend', async () => {
    const { admin } = product;
    const ownerEmail = 'owner@new-town.example';
    const connectors = [{ connector: 'wordpress', sync: [] }];
    const tenant = { name: 'New Town Bakery', slug: 'new-town', ownerEmail, connectors };
    const { body: begun } = await admin.post<Settled>('/api/v1/tenants', tenant);
    const story = admin.events(`/api/v1/operations/${begun.id}/events`, AbortSignal.timeout(PATIENCE.timeoutMs));
    const before = { drafts: await drafts(), posts: postsMade().length };

    let second: ApiClient | undefined;
    let writtenId: unknown;
    for await (const { step, state, data } of story) {
      if (step === 'connect.wordpress' && state === 'waiting') {
        second = await logIn(admin.baseUrl, ownerEmail);
        const password = await control.makePassword('new-town');
        expect(await connect(second, proxy.url, password)).toMatchObject({ status: 200, body: { state: 'healthy' } });
      }
      if (second && step === 'approval' && state === 'waiting') {
        await approve(second, data['approvalId']);
      }
      if (step === 'write' && state === 'completed') writtenId = data['externalId'];
    }
    const known = new Set(before.drafts.map(({ id }) => id));
    const made = (await drafts()).filter(({ id }) => !known.has(id));
    expect(made.map(({ id }) => String(id))).toEqual([writtenId]);
    expect(postsMade().length - before.posts).toBe(1);
    const { body: ended } = await admin.get<Settled>(`/api/v1/operations/${begun.id}`);
    expect(ended.outcome).toBe('completed');
  });

  test('disconnect takes the application password back at the site, this one alone', async () => {
    const before = await control.passwordNames();
    expect(before).toContain('restored');
    expect(await control.whoIs(restoredPassword)).toMatchObject({ status: 200 });
    const ended = await owner.post<Status>(`${API}/disconnect`, {});
    expect(ended).toMatchObject({ status: 200, body: { id: connectionId, state: 'disconnected' } });
    expect(ended.body.reason?.message).toBe('disconnected on request');
    expect(await control.whoIs(restoredPassword)).toEqual({ status: 401, code: 'rest_not_logged_in' });
    expect(await control.passwordNames()).toEqual(before.filter((name) => name !== 'restored'));
  });

  describe('the connector, stream by stream', () => {
    const PICTURE = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    let http: HttpClient;
    let site: ConnectorPort;
    beforeAll(async () => {
      http = createHttp({ allow: [new URL(wordpress.url).host], origins: [], userAgent: 'test' });
      opened.defer(() => http.close());
      const settings = {
        ...{ site_url: wordpress.url, api_root: `${wordpress.url}/wp-json` },
        ...{ username: wordpress.user, user_id: '1' },
      };
      const held = { application_password: await control.makePassword('stream by stream') };
      site = connected(http, 'wordpress', 'application_password', settings, held, {
        objects: holding(PICTURE),
      });
    });

    const write = (stream: string, action: WriteAction, marker = `bz-real-${stream}`) =>
      site.write({ tenantId: TENANT, connectionId: ID, stream }, action, marker);
    const create = (stream: string, input: Record<string, unknown>) => write(stream, { kind: 'create', input });
    const probe = (stream: string, input: Record<string, unknown>, marker = `bz-real-${stream}`) =>
      site.probe({ tenantId: TENANT, connectionId: ID, stream }, { kind: 'create', input }, marker);
    const one = (stream: string, id: string) => site.readOne(TENANT, ID, stream, id);
    const list = (stream: string, query: Partial<ReadQuery> = {}) =>
      site.read(TENANT, ID, stream, { limit: 100, ...query });
    const names = (rows: Row[], field = 'externalId') => rows.map((row) => (row as Record<string, unknown>)[field]);

    test.each(['posts', 'pages', 'media', 'categories', 'users'])(
      'all of %s are read, in pages too',
      async (stream) => {
        const whole = await list(stream);
        expect(whole.unreadable).toEqual([]);
        expect(whole.rows.length).toBeGreaterThan(0);
        const first = await list(stream, { limit: 1, lane: 'backfill' });
        expect(names(first.rows)).toHaveLength(1);
      },
    );

    test('an article is made, found by its marker, changed, searched for, filed and put into the bin', async () => {
      const input = { title: 'Rye & <spelt> “day”', content: '<p>Zwetschgenkuchen.</p>', status: 'publish' };
      expect(await probe('posts', input)).toBeNull();
      const filed = await create('categories', { name: 'Winter & spelt' });
      const { externalId, link } = await create('posts', { ...input, categories: [Number(filed.externalId)] });
      expect(link).toContain(wordpress.url);
      expect(await probe('posts', input)).toMatchObject({ externalId });
      expect(await one('posts', externalId)).toMatchObject({ title: 'Rye & <spelt> “day”', text: 'Zwetschgenkuchen.' });
      expect(names((await list('posts', { filter: { search: 'Zwetschgenkuchen' } })).rows)).toEqual([externalId]);
      expect(names((await list('posts', { filter: { category: filed.externalId } })).rows)).toEqual([externalId]);
      expect(names((await list('posts', { filter: { slug: 'bz-real-posts' } })).rows)).toEqual([externalId]);
      await write('posts', { kind: 'update', externalId, input: { status: 'draft', title: 'Not yet' } });
      expect(await one('posts', externalId)).toMatchObject({ title: 'Not yet', status: 'draft' });
      expect(names((await list('posts', { filter: { status: 'draft', search: 'Not yet' } })).rows)).toEqual([
        externalId,
      ]);
      await write('posts', { kind: 'delete', externalId });
      expect(await one('posts', externalId)).toMatchObject({ status: 'trash' });
      expect(await probe('posts', input)).toMatchObject({ externalId });
      await write('posts', { kind: 'delete', externalId });
    });

    test('a page is made, changed and put into the bin', async () => {
      const { externalId } = await create('pages', { title: 'Our mill', content: '<p>Stone.</p>', status: 'publish' });
      await write('pages', { kind: 'update', externalId, input: { slug: 'our-mill', content: '<p>Granite.</p>' } });
      expect(await one('pages', externalId)).toMatchObject({ slug: 'our-mill', text: 'Granite.' });
      await write('pages', { kind: 'delete', externalId });
      expect(names((await list('pages')).rows)).not.toContain(externalId);
    });

    test('a picture goes out as it comes, with its words, and is found by its marker', async () => {
      const file = { objectKey: 'uploads/1', name: 'Läib 1.png', contentType: 'image/png', bytes: PICTURE.length };
      const input = { title: 'A loaf & more', alt_text: 'A loaf on a board' };
      const { externalId } = await write('media', { kind: 'create', input, file });
      expect(await probe('media', input)).toMatchObject({ externalId });
      expect(await one('media', externalId)).toMatchObject({ title: 'A loaf & more', text: 'A loaf on a board' });
      const native = await site.readOne(TENANT, ID, 'media', externalId, { native: true });
      const { source_url: at = '' } = native.native as { source_url?: string };
      const kept = await fetch(at);
      expect(Buffer.from(await kept.arrayBuffer()).equals(PICTURE)).toBe(true);
      await write('media', { kind: 'update', externalId, input: { alt_text: 'Two loaves' } });
      expect(await one('media', externalId)).toMatchObject({ text: 'Two loaves' });
      await write('media', { kind: 'delete', externalId });
      await expect(one('media', externalId)).rejects.toMatchObject({ code: 'not_found' });
      const text = { ...file, name: 'evil.php', contentType: 'application/x-php' };
      await expect(write('media', { kind: 'create', input, file: text }, 'bz-evil')).rejects.toMatchObject({
        code: expect.stringMatching(/^provider_/),
      });
    });

    test('a category is made once under each parent, found by its name, changed and deleted', async () => {
      const input = { name: 'Café & “crème”', description: 'Dark.' };
      expect(await probe('categories', input)).toBeNull();
      const { externalId } = await create('categories', input);
      expect(await probe('categories', input)).toMatchObject({ externalId });
      // Kept escaped, and searched as it is kept.
      const kept = await site.readOne(TENANT, ID, 'categories', externalId, { native: true });
      expect(kept).toMatchObject({ name: input.name, native: { name: 'Café &amp; “crème”' } });
      await expect(create('categories', input)).rejects.toMatchObject({
        code: 'conflict',
        providerCode: 'term_exists',
      });
      const below = await create('categories', { ...input, parent: Number(externalId) });
      expect(names((await list('categories', { filter: { parent: externalId } })).rows)).toEqual([below.externalId]);
      await write('categories', { kind: 'update', externalId, input: { name: 'Tea' } });
      expect(await one('categories', externalId)).toMatchObject({ name: 'Tea', parentId: null });
      for (const gone of [below.externalId, externalId])
        await write('categories', { kind: 'delete', externalId: gone });
      await expect(one('categories', externalId)).rejects.toMatchObject({ code: 'not_found' });
      await write('categories', { kind: 'delete', externalId });
    });

    test('a user is made once, found by the name, changed and deleted', async () => {
      const input = { username: 'nora.feld', email: 'nora@kornblume.example', name: 'Nora & Feld', roles: ['author'] };
      expect(await probe('users', input)).toBeNull();
      const { externalId } = await create('users', input);
      expect(await probe('users', input)).toMatchObject({ externalId });
      expect(await one('users', externalId)).toMatchObject({
        username: 'nora.feld',
        name: 'Nora & Feld',
        roles: ['author'],
      });
      await expect(create('users', input)).rejects.toMatchObject({ code: 'conflict' });
      expect(names((await list('users', { filter: { role: 'author' } })).rows)).toContain(externalId);
      await write('users', { kind: 'update', externalId, input: { name: 'Nora F.', roles: ['editor'] } });
      expect(await one('users', externalId)).toMatchObject({ name: 'Nora F.', roles: ['editor'] });
      await write('users', { kind: 'delete', externalId });
      await expect(one('users', externalId)).rejects.toMatchObject({ code: 'not_found' });
      await write('users', { kind: 'delete', externalId });
    });

    test('what is not there and what the site does not take are told apart', async () => {
      await expect(one('posts', '999999')).rejects.toMatchObject({ code: 'not_found' });
      await expect(
        write('posts', { kind: 'update', externalId: '999999', input: { title: 'x' } }),
      ).rejects.toMatchObject({ code: 'not_found' });
      await expect(list('users', { filter: { role: 'nobody-has-it' } })).resolves.toMatchObject({ rows: [] });
      await expect(create('users', { username: 'b@d name!', email: 'a@b.example' })).rejects.toMatchObject({
        code: 'provider_rejected',
      });
    });
  });
});
